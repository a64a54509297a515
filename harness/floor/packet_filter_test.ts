import assert from "node:assert/strict";
import { filterRules, placesIn, resolversIn, virtualAddressesIn } from "./packet_filter.ts";

const around = { resolvers: ["10.0.0.53", "fd00::53"], host: ["203.0.113.7", "172.18.0.1", "2001:db8::7"] };

Deno.test("a container may ask the host's resolvers, use the host's ports for the web, and nothing else of the host", () => {
  const rules = filterRules(4, around).split("\n");
  const at = (rule: string) => {
    const place = rules.indexOf(`-A CC-CI ${rule}`);
    assert.notEqual(place, -1, rule);
    return place;
  };
  for (const host of ["203.0.113.7", "172.18.0.1"]) {
    assert.ok(at(`-d ${host} -p tcp -m multiport --dports 80,443 -j ACCEPT`) < at(`-d ${host} -j REJECT`));
    assert.ok(at(`-d ${host} -j REJECT`) < at("-d 172.16.0.0/12 -j REJECT"));
  }
  assert.ok(at("-d 10.0.0.53 -p udp --dport 53 -j ACCEPT") < at("-d 10.0.0.0/8 -j REJECT"));
  assert.ok(at("-j CC-CI-PEERS") < at("-d 10.0.0.0/8 -j REJECT"));
  assert.ok(!rules.some((rule) => /fd00::|2001:db8/.test(rule)), "addresses of one family only");
});

Deno.test("private networks are closed in both families, as NAT64 writes them too", () => {
  for (
    const network of ["10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"]
  ) {
    assert.ok(filterRules(4, around).includes(`-d ${network} -j REJECT`), network);
  }
  const rules = filterRules(6, around);
  for (const network of ["fc00::/7", "fe80::/10", "64:ff9b::a00:0/104", "64:ff9b::a9fe:0/112"]) {
    assert.ok(rules.includes(`-d ${network} -j REJECT`), network);
  }
  assert.match(rules, /-d 2001:db8::7 -j REJECT/);
  assert.match(rules, /-d fd00::53 -p tcp --dport 53 -j ACCEPT/);
});

Deno.test("what is no address gets into no rule", () => {
  const odd = "10.0.0.1 -j ACCEPT";
  assert.deepEqual(
    resolversIn(`nameserver 10.0.0.53\n# nameserver 10.0.0.1\nnameserver host\n nameserver fd00::1%eth0`),
    [
      "10.0.0.53",
    ],
  );
  assert.ok(!filterRules(4, { resolvers: [odd], host: [`${odd}\nCOMMIT`] }).includes(odd));
  assert.deepEqual(
    virtualAddressesIn({ Endpoint: { VirtualIPs: [{ Addr: `${odd}/24` }, { Addr: "10.0.1.6/24" }] } }),
    [
      "10.0.1.6",
    ],
  );
});

Deno.test("an app's networks are its own by their names, all others are shared", () => {
  const given = (IPv4Address: string) => ({ IPAMConfig: { IPv4Address } });
  const Networks = {
    "abcd-0a1b2c_ci_example_org_internal": given("10.0.3.5"),
    proxy: given("10.0.1.7"),
    "abcd-0a1b2c_ci_example_orgs": given("10.0.4.5"),
    bridge: { IPAMConfig: null },
  };
  const record = { NetworkSettings: { Networks } };
  assert.deepEqual(placesIn(record, "abcd-0a1b2c_ci_example_org"), {
    own: ["10.0.3.5"],
    shared: ["10.0.1.7", "10.0.4.5"],
  });
  assert.deepEqual(placesIn(null, "abcd-0a1b2c_ci_example_org"), { own: [], shared: [] });
});

Deno.test("a service without addresses of its own has none", () => {
  assert.deepEqual(virtualAddressesIn({ Endpoint: { Spec: { Mode: "dnsrr" } } }), []);
  assert.deepEqual(virtualAddressesIn("page not found"), []);
});
