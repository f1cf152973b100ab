// What is installed and how it is run; SIGTERM must reach this process itself.
const http = require("http");
const fs = require("fs");
const ms = require("ms");

const installed = fs.readdirSync("node_modules").filter((name) => !name.startsWith("."));
const server = http.createServer((request, response) => {
  response.end(`npm: ${installed}, ${ms("2 days")}, ${process.env.NODE_ENV}, user ${process.getuid()}\n`);
});
process.on("SIGTERM", () => {
  console.log("node got SIGTERM");
  server.close(() => process.exit(0));
});
server.listen(process.env.PORT);
