// The peer: a bare Probot handler that verifies and stores nothing, on PORT of the loopback.
import { createServer } from "node:http";
import { createNodeMiddleware, createProbot } from "probot";

const app = (robot) => {
  robot.on("pull_request", async () => {});
};
const middleware = await createNodeMiddleware(app, { probot: createProbot(), webhooksPath: "/webhook" });
createServer(middleware).listen(Number(process.env.PORT), "127.0.0.1");
