const ms = require("ms");

require("http")
  .createServer((request, response) => response.end(`yarn ${ms("3h")}\n`))
  .listen(process.env.PORT);
