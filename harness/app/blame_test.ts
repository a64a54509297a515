import { rejects } from "node:assert/strict";
import { AbraError } from "../abra/abra.ts";
import { blame, blameBot } from "./blame.ts";

const says: [message: string, code: string, told: RegExp][] = [
  ["lint error in x configs: (R014)", "stage.failed", /^abra refuses: lint error/],
  ["secret not generated: db", "stage.failed", /not generated: db/],
  [
    "secret not inserted (#generate=false): smtp",
    "stage.blocked",
    /^secret "smtp" cannot be generated: declare it in recipe\.yml$/,
  ],
  ["inappropriate ioctl for device", "stage.infra", /how it was called/],
  ["unknown shorthand flag: 'o' in -o", "stage.infra", /how it was called/],
  ["EOF", "stage.infra", /how it was called/],
  ["wiki (/x/recipes/wiki) has locally unstaged changes?", "stage.infra", /how it was called/],
  ["no backupbot discovered, is it deployed?", "stage.infra", /no backupbot/],
];

/** What a connection's trouble sounds like, whoever had it. */
const networkSays = [
  "dial tcp 192.0.2.1:443: connect: connection refused",
  "lookup git.example.org on 127.0.0.53:53: no such host",
  "lookup git.example.org: server misbehaving",
  "tls: failed to verify certificate: x509: certificate signed by unknown authority",
  "net/http: TLS handshake timeout",
  "read tcp 10.0.0.1:4242->192.0.2.1:443: read: connection reset by peer",
  "read udp 10.0.0.1:4242->192.0.2.1:53: i/o timeout",
  "net/http: request canceled (Client.Timeout exceeded while awaiting headers)",
  "connect: no route to host",
  "connect: network is unreachable",
];

for (const [message, code, told] of says) {
  Deno.test(`"${message}" of abra is ${code}`, async () => {
    await rejects(blame(Promise.reject(new AbraError(message, { lines: [] }))), { code, message: told });
  });
}

for (const trouble of networkSays) {
  Deno.test(`"${trouble}" is the host's from abra and from the backup bot, and the recipe's in a container`, async () => {
    const error = (lines: string[]) => Promise.reject(new AbraError(trouble, { lines }));
    await rejects(blame(error([`FATA ${trouble}`])), {
      code: "stage.infra",
      message: /^abra does not reach what it needs: /,
    });
    await rejects(blameBot(error([`ERROR: ${trouble}`, "FATA Status: , Code: 1"]), "The backup failed"), {
      code: "stage.infra",
      message: /^The backup bot has trouble with its repository: /,
    });
    const said = `Failed to run command pg_dump in db: ${trouble}`;
    const hook = new AbraError(said, { lines: [`ERROR: ${said}`, "FATA Status: , Code: 1"] });
    await rejects(blameBot(Promise.reject(hook), "The backup failed"), { code: "stage.failed" });
    await rejects(blame(error([`ERROR: ${trouble}`, "FATA Status: , Code: 1"]), '"init" fails'), {
      code: "stage.failed",
      message: /^"init" fails: /,
    });
  });
}

Deno.test("a word counts only of those whose own it is", async () => {
  const call = (said: string, lines: string[]) => Promise.reject(new AbraError(said, { lines }));
  const inside = (said: string) => [`ERROR: ${said}`, "FATA Status: , Code: 1"];
  const flag = "unknown flag: --quick";
  await rejects(blame(call(flag, [`FATA ${flag}`])), { code: "stage.infra" });
  await rejects(blame(call(flag, inside(flag))), { code: "stage.failed" });
  await rejects(blameBot(call(flag, inside(flag)), "The backup failed"), { code: "stage.failed" });
  const password = "wrong password or no key found";
  await rejects(blame(call(password, [`FATA ${password}`])), { code: "stage.failed" });
  await rejects(blameBot(call(password, inside(password)), "The backup failed"), { code: "stage.infra" });
});

Deno.test("an abra that breaks is the host's trouble, whatever it says", async () => {
  const broken = new AbraError("lint error", { lines: [], code: "abra.broken" });
  await rejects(blame(Promise.reject(broken)), { code: "stage.infra" });
});

/** Whom the bot's end concerns when this was its last error, whatever abra makes of it. */
const botSays: [line: string, code: string, told: RegExp][] = [
  ["Fatal: wrong password or no key found", "stage.infra", /^The backup bot .* repository: .*wrong password/],
  [
    "unable to create lock in backend: repository is already locked exclusively by PID 12 on bot by root",
    "stage.infra",
    /repository: .*already locked/,
  ],
  ["Fatal: unable to open config file: Stat: 503", "stage.infra", /repository: .*Stat: 503/],
  [
    "Fatal: unable to open repository at s3:http://store/x: dial tcp: connection refused",
    "stage.infra",
    /^The backup bot .* repository: /,
  ],
  ["Fatal: config cannot be loaded: ciphertext verification failed", "stage.infra", /ciphertext/],
  ["Fatal: unable to save snapshot: Save(<data/1>) returned error", "stage.infra", /unable to save/],
  ["Container app contains hooks but it's not running", "stage.failed", /^The backup failed: Container app/],
  ["at least one source file could not be read", "stage.failed", /^The backup failed: at least/],
  ["Failed to run command psql: wrong password or no key found", "stage.failed", /^The backup failed/],
];

for (const [said, code, told] of botSays) {
  Deno.test(`"${said}" of the backup bot is ${code}`, async () => {
    const error = new AbraError(said, { lines: ["INFO: run command", `ERROR: ${said}`] });
    await rejects(blameBot(Promise.reject(error), "The backup failed"), { code, message: told });
  });
}

for (
  const { code, lines = [], fault } of [
    { code: 137, fault: "stage.infra" },
    { code: 143, fault: "stage.infra" },
    { code: 1, fault: "stage.failed" },
    { code: 137, lines: ["ERROR: Failed to run command pg_dump: exit code 137"], fault: "stage.failed" },
  ]
) {
  const told = lines.length === 0 ? "nothing" : "of a hook";
  Deno.test(`a backup bot that ends with ${code} and told ${told} is ${fault}`, async () => {
    const last = `Status: , Code: ${code}`;
    const error = new AbraError(last, { lines: ["INFO: run command", ...lines, `FATA ${last}`] });
    await rejects(blameBot(Promise.reject(error), "The backup failed"), { code: fault });
  });
}

Deno.test("trouble of the bot's repository is found before the bot's last word, and not in what a hook says", async () => {
  const last = "Backup failed for wiki";
  const lines = (first: string) => ["INFO: run command", `ERROR: ${first}`, `ERROR: ${last}`];
  const call = (first: string) =>
    blameBot(Promise.reject(new AbraError(last, { lines: lines(first) })), "The backup failed");
  await rejects(call("Restic failed: Fatal: wrong password or no key found"), { code: "stage.infra" });
  await rejects(call("Failed to run command restic: Fatal: wrong password"), { code: "stage.failed" });
  const printed = new AbraError(last, { lines: ["wrong password or no key found", `ERROR: ${last}`] });
  await rejects(blameBot(Promise.reject(printed), "The backup failed"), { code: "stage.failed" });
});
