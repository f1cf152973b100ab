const http = require("http");
const fs = require("fs");
const ms = require("ms");
const built = require("./built.json");

http
  .createServer((request, response) => {
    const left = fs.existsSync("node_modules/semver") ? "not pruned" : "pruned";
    response.end(`yarn ${built} ${ms("2h")} ${left}\n`);
  })
  .listen(process.env.PORT);
