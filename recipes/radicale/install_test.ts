import { equal, match, notEqual } from "node:assert/strict";
import { exec, fetch, page, test } from "cc-ci";
import { asAdmin, makeCalendar, putEvent, readEvent } from "./calendar.ts";

test("an event that was put into a calendar is found there", async () => {
  await makeCalendar("work");
  await putEvent("work", { uid: "meeting", summary: "Weekly meeting" });
  match(await readEvent("work", "meeting"), /SUMMARY:Weekly meeting/);
  const found = await asAdmin("/admin/work/", {
    method: "REPORT",
    headers: { "content-type": "application/xml", depth: "1" },
    body:
      `<C:calendar-query xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:D="DAV:"><D:prop><D:getetag/></D:prop>
      <C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT"/></C:comp-filter></C:filter></C:calendar-query>`,
  });
  equal(found.status, 207);
  match(await found.text(), /meeting\.ics/);
});

test("nobody reads calendars without the password", async () => {
  equal((await fetch("/admin/")).status, 401);
  const authorization = `Basic ${btoa("admin:wrong")}`;
  equal((await fetch("/admin/", { headers: { authorization } })).status, 401);
});

test("the page asks for a name and a password", async () => {
  const login = await page("/.web/");
  await login.waitFor({ selector: "#loginscene" });
  await login.screenshot("login");
});

test("the image has Python and no shell", async () => {
  match((await exec("app", ["python3", "--version"])).stdout, /^Python 3/);
  notEqual((await exec("app", ["sh", "-c", "true"], { anyExitCode: true })).code, 0, "a shell started");
});
