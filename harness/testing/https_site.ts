import { createServer, type Server } from "node:https";
import { createServer as createHttpServer, type RequestListener, type Server as HttpServer } from "node:http";
import { join } from "node:path";
import { exec, execOk } from "../../common/exec.ts";

/** A small HTTPS server for tests, with a certificate of a CA of its own. */
export interface HttpsSite extends AsyncDisposable {
  /** `host:port` */
  ingress: string;
  /** `host:port` where plain http is answered with a redirect to https, as by the web entry point of Traefik. */
  ingressHttp: string;
  port: number;
  /** PEM file of the CA. */
  ca: string;
  /** Removed when the site is closed; tests may put files there. */
  folder: string;
}

/** Starts a server on loopback whose certificate holds the given names. Needs openssl. */
export async function httpsSite(names: string[], answer: RequestListener): Promise<HttpsSite> {
  const folder = await Deno.makeTempDir({ prefix: "ccci-test-" });
  const file = (name: string) => join(folder, name);
  await Deno.writeTextFile(file("ext"), `subjectAltName=${names.map((name) => `DNS:${name}`).join(",")}`);
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const subject = ["-subj", `/CN=${names[0]}`];
  // deno-fmt-ignore
  for (const args of [
    ["req", "-x509", ...key, "-keyout", file("ca.key"), "-out", file("ca.pem"), "-days", "30", "-subj", "/CN=Test CA"],
    ["req", ...key, "-keyout", file("key.pem"), "-out", file("csr"), ...subject],
    ["x509", "-req", "-in", file("csr"), "-CA", file("ca.pem"), "-CAkey", file("ca.key"), "-CAcreateserial",
      "-days", "30", "-extfile", file("ext"), "-out", file("cert.pem")],
  ]) await execOk(["openssl", ...args]);
  const server = createServer({
    key: await Deno.readTextFile(file("key.pem")),
    cert: await Deno.readTextFile(file("cert.pem")),
  }, answer);
  const port = await listen(server);
  const web = createHttpServer((request, response) =>
    void response.writeHead(301, { location: `https://${request.headers.host}${request.url}` }).end()
  );
  const webPort = await listen(web);
  return {
    ingress: `127.0.0.1:${port}`,
    ingressHttp: `127.0.0.1:${webPort}`,
    port,
    ca: file("ca.pem"),
    folder,
    async [Symbol.asyncDispose]() {
      await Promise.all([server, web].map((one) => {
        one.closeAllConnections();
        return new Promise((resolve) => one.close(resolve));
      }));
      await Deno.remove(folder, { recursive: true });
    },
  };
}

function listen(server: Server | HttpServer): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });
}

/** The first of the programs that is not installed; undefined when all are. */
export async function missingProgram(...programs: string[]): Promise<string | undefined> {
  for (const program of programs) {
    const found = await exec(["sh", "-c", 'command -v "$0"', program]);
    if (!found.success) return program;
  }
  return undefined;
}

/** What a test with a browser behind HTTPS misses here, of that and of `more`; undefined when all is installed. */
export async function missingForBrowser(...more: string[]): Promise<string | undefined> {
  const programs = ["certutil", "setpriv", "openssl", ...more];
  return await missingProgram("chromium-headless-shell") && await missingProgram("chromium") ||
    await missingProgram(...programs);
}
