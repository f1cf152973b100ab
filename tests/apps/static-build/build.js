const fs = require("fs");
const ms = require("ms");

fs.mkdirSync("dist", { recursive: true });
fs.writeFileSync("dist/index.html", fs.readFileSync("index.html", "utf8").replace("BUILT", `built in ${ms("1s")}`));
