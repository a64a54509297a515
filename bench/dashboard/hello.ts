import { Hono } from "hono";

const app = new Hono();
app.get("/", (c) => c.text("hello"));
Deno.serve(
  { hostname: "127.0.0.1", port: Number(Deno.args[0]), onListen() {} },
  (request) => app.fetch(request),
);
