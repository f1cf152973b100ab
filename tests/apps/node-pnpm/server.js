const http = require("http");
const fs = require("fs");
const ms = require("ms");

http
  .createServer((request, response) => {
    const built = fs.existsSync("node_modules/semver") ? "not pruned" : "pruned";
    response.end(`${process.env.GREETING} BUILT ${ms("1m")} ${built}\n`);
  })
  .listen(process.env.PORT);
