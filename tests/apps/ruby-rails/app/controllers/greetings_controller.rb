class GreetingsController < ActionController::Base
  def show
    render plain: "rails in #{Rails.env}, as user #{Process.uid}\n"
  end
end
