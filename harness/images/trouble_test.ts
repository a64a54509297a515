import assert from "node:assert/strict";
import { referenceOf } from "./reference.ts";
import { outOfTime, type TroubleKind, troubleKinds, troubleOf } from "./trouble.ts";

/** What engines have said, by what it means. Those of `e2e/testing_test.ts` come from a real one. */
const words: Record<TroubleKind, string[]> = {
  limit: [
    "toomanyrequests: You have reached your pull rate limit. You may increase the limit by authenticating and upgrading: https://www.docker.com/increase-rate-limit",
    "toomanyrequests: retry-after: 118.455µs, allowed: 44000/minute",
    "toomanyrequests: Too Many Requests", // so does 28 say what 20.10 says as on the next line
    "error parsing HTTP 429 response body: invalid character 'T' looking for beginning of value: \"Too Many Requests\"",
    "manifest for x:1 not found: manifest unknown: toomanyrequests: You have reached your pull rate limit",
    "failed to resolve reference: unexpected status code 429 Too Many Requests",
  ],
  space: ["write /var/lib/docker/tmp/GetImageBlob1: no space left on device"],
  certificate: [
    'Get "https://registry.example.org/v2/": x509: certificate signed by unknown authority',
    'Get "https://registry.example.org/v2/": tls: failed to verify certificate: x509: certificate has expired',
    'Get "https://registry.example.org/v2/": http: server gave HTTP response to HTTPS client',
  ],
  proxy: [
    'Get "https://registry.example.org/v2/": Forbidden',
    'Get "https://registry.example.org/v2/": Proxy Authentication Required',
    'Head "https://registry.example.org/v2/x/manifests/1": Not Found',
    'failed to resolve reference "registry.example.org/x:1": failed to do request: Head "https://registry.example.org/v2/x/manifests/1": Forbidden',
    'Get "https://registry.example.org/v2/": proxyconnect tcp: dial tcp 10.0.0.1:3128: connect: connection refused',
  ],
  engine: [
    "mkdir /var/lib/docker/overlay2/x: permission denied",
    "open /var/lib/docker/tmp/GetImageBlob1: read-only file system",
    "write /var/lib/docker/tmp/GetImageBlob1: input/output error",
    'exec: "unpigz": executable file not found in $PATH',
    "failed to prepare extraction snapshot: parent snapshot sha256:6550 does not exist: not found",
  ],
  layer: [
    "unexpected status code https://production.cloudflare.example.org/registry-v2/docker/registry/v2/blobs/sha256/65/6550/data?verify=1: 403 Forbidden",
    "failed to copy: httpReadSeeker: failed open: content at https://registry.example.org/v2/x/blobs/sha256:6550 not found: not found",
    "failed to copy: httpReadSeeker: failed open: unexpected status from GET request to https://cdn.example.org/a/sha256:6550: 401 Unauthorized",
    "content digest sha256:6550: not found",
    "error pulling image configuration: download failed after attempts=1: denied: access is not allowed",
  ],
  unnamed: [
    "invalid reference format: repository name must be lowercase",
    "invalid reference format: repository name (Name) must be lowercase",
    "invalid tag format",
  ],
  absent: [
    'failed to resolve reference "docker.io/nobody/nothing:1": pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed',
    "pull access denied for nobody/nothing, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
  ],
  stranger: [
    'Head "https://registry.example.org/v2/x/manifests/1": no basic auth credentials',
    'failed to resolve reference "registry.example.org/x:1": pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials',
  ],
  login: [
    "unauthorized: incorrect username or password",
    'unknown: failed to resolve reference "registry.example.org/x:1": unexpected status from HEAD request to https://registry.example.org/v2/x/manifests/1: 401 Unauthorized',
    "denied",
    'Head "https://registry.example.org/v2/x/manifests/1": no basic auth credentials',
  ],
  closed: [
    "denied",
    "unauthorized: access to the requested resource is not authorized",
    "denied: permission_denied: read_package",
    'failed to resolve reference "registry.example.org/x:1": unexpected status from HEAD request to https://registry.example.org/v2/x/manifests/1: 403 Forbidden',
    'failed to resolve reference "registry.example.org/x:1": failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://auth.example.org/token?scope=repository%3Ax%3Apull: 403 Forbidden',
  ],
  machine: [
    "no matching manifest for linux/amd64 in the manifest list entries",
    'image operating system "windows" cannot be used on this platform',
  ],
  outdated: [
    "[DEPRECATION NOTICE] Docker Image Format v1 and Docker Image manifest version 2, schema 1 support is disabled by default",
  ],
  nowhere: ['Get "https://gone.invalid/v2/": dial tcp: lookup gone.invalid on 127.0.0.53:53: no such host'],
  broken: [
    "manifest verification failed for digest sha256:6550",
    'failed commit on ref "manifest-sha256:6550": commit failed: "manifest-sha256:6550" failed size validation: 427 != 426: failed precondition',
    "short read: expected 200250 bytes but got 100125: unexpected EOF",
    "filesystem layer verification failed for digest sha256:e503",
    "unexpected EOF",
    "unknown blob",
    "error unmarshalling content: invalid character '<' looking for beginning of value",
    "error parsing HTTP 403 response body: invalid character '<' looking for beginning of value: \"<html>403 Forbidden</html>\"",
  ],
  missing: ["manifest for x:1 not found: manifest unknown: manifest unknown", "name unknown"],
  failing: [
    "received unexpected HTTP status: 503 Service Unavailable",
    'Get "https://registry.example.org/v2/": Bad Gateway',
    "failed to copy: httpReadSeeker: failed open: unexpected status from GET request to https://cdn.example.org/a/sha256:6550: 503 Service Unavailable",
  ],
  slow: [
    'Get "https://registry.example.org/v2/": net/http: TLS handshake timeout',
    "context deadline exceeded",
  ],
  away: [
    'Get "https://registry.example.org/v2/": dial tcp: lookup registry.example.org: no such host',
    'Get "https://registry.example.org/v2/": dial tcp 203.0.113.9:443: connect: connection refused',
    'Get "https://registry.example.org/v2/": dial tcp 203.0.113.9:443: connect: permission denied',
    'Get "https://registry.example.org/v2/": EOF',
    "error pulling image configuration: download failed after attempts=6: dial tcp 203.0.113.9:443: connect: connection refused",
    "read tcp 203.0.113.7:1->203.0.113.9:443: read: connection reset by peer",
  ],
  unknown: ["something new"],
};

const hosts: TroubleKind[] = [
  ...["limit", "space", "proxy", "engine", "layer", "certificate", "stranger", "login"] as const,
  ...["broken", "failing", "slow", "away", "unknown"] as const,
];

const image = (kind: TroubleKind) => kind === "nowhere" ? "gone.invalid/x:1" : "registry.example.org/x:1";

for (const kind of troubleKinds) {
  Deno.test(`what an engine says of an image: ${kind}`, () => {
    for (const said of words[kind]) {
      const trouble = troubleOf({ reference: referenceOf(image(kind)), said, loggedIn: kind === "login" });
      assert.equal(trouble.kind, kind, said);
      assert.equal(trouble.whose, hosts.includes(kind) ? "host" : "recipe");
      assert.ok(trouble.sentence.includes(`"${image(kind)}"`), trouble.sentence);
      assert.match(trouble.sentence, /^\S.*[^.]$/);
    }
  });
}

Deno.test("an image cannot choose its verdict by its name", () => {
  for (const name of ["toomanyrequests", "timeout.example.org/x509", "x/no.space.left-denied"]) {
    const said = `manifest for ${name}:1 not found: manifest unknown: manifest unknown`;
    assert.equal(troubleOf({ reference: referenceOf(`${name}:1`), said, loggedIn: false }).kind, "missing");
  }
  const named = [
    ...["foo/certificate-manager:1", "quay.io/foo/tls:x509", "denied:1", "registry.example.org/a/layer:tls"],
    ...["library/certificate:1", "localhost:5000/certificate:1", "foo/layer@sha256:6550"],
  ];
  for (const image of named) {
    const reference = referenceOf(image);
    const { registry, repository, version } = reference;
    const path = registry !== "docker.io"
      ? repository
      : `docker.io/${repository.includes("/") ? "" : "library/"}${repository}`;
    const full = `${path}${reference.pinned ? "@" : ":"}${version}`;
    for (
      const said of [
        `failed to resolve reference "${full}": ${full}: not found`,
        `manifest for ${full} not found: manifest unknown: manifest tagged by "${version}" is not found`,
        `failed to resolve image: ${full} not found`,
        `repository ${path} not found: does not exist`,
      ]
    ) {
      assert.equal(troubleOf({ reference, said, loggedIn: false }).kind, "missing", said);
    }
  }
  const reference = referenceOf("denied.example.org/timeout:429");
  const said =
    'Get "https://denied.example.org/v2/timeout/manifests/429": dial tcp 1.2.3.4:443: connection refused';
  assert.equal(troubleOf({ reference, said, loggedIn: false }).kind, "away");
});

Deno.test("a registry's own wish when to be asked again is read from its words", () => {
  const wish = (said: string) =>
    troubleOf({ reference: referenceOf("x:1"), said: `toomanyrequests: ${said}`, loggedIn: false })
      .retryAfterMs;
  assert.equal(wish("retry-after: 1.5s, allowed: 44000/minute"), 1500);
  assert.equal(wish("retry-after: 118.455µs"), 1);
  assert.equal(wish("Retry after 1m30s"), 90_000);
  assert.equal(wish("Retry-After: 60"), 60_000);
  assert.equal(wish("come back later"), null);
});

Deno.test("a pull that was ended for lack of time is the host's", () => {
  const trouble = outOfTime(referenceOf("nginx:1"), 90_000);
  assert.deepEqual([trouble.whose, trouble.sentence], [
    "host",
    'docker.io did not give "nginx:1" within 1 min 30 s',
  ]);
});
