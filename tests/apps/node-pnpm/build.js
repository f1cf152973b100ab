const fs = require("fs");
const semver = require("semver"); // a package that only the build needs

fs.mkdirSync("dist", { recursive: true });
fs.writeFileSync("dist/server.js", fs.readFileSync("server.js", "utf8").replace("BUILT", semver.coerce("v2").version));
