class GreetingsController < ActionController::Base
  def show
    render plain: "rails in #{Rails.env}, as user #{Process.uid}, #{helpers.asset_path("application.css")}\n"
  end
end
