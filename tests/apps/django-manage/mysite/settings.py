import os

SECRET_KEY = os.environ.get("SECRET_KEY", "a test app's")
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "mysite.urls"
USE_TZ = True
