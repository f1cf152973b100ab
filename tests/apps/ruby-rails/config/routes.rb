Rails.application.routes.draw { root "greetings#show" }
