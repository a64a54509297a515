import { equal } from "node:assert/strict";
import { fetch, secret } from "cc-ci";

/** A request as the recipe's account. */
export async function asAdmin(path: string, init: RequestInit = {}): Promise<Response> {
  const authorization = `Basic ${btoa(`admin:${await secret("admin_password")}`)}`;
  return await fetch(path, { ...init, headers: { ...init.headers, authorization } });
}

/** Makes a calendar of the account. */
export async function makeCalendar(name: string): Promise<void> {
  equal((await asAdmin(`/admin/${name}/`, { method: "MKCALENDAR" })).status, 201);
}

/** Puts an event into a calendar of the account. */
export async function putEvent(
  calendar: string,
  { uid, summary }: { uid: string; summary: string },
): Promise<void> {
  const body = [
    ...["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//cc-ci//tests//EN", "BEGIN:VEVENT", `UID:${uid}`],
    ...["DTSTAMP:20260101T000000Z", "DTSTART:20260102T100000Z", `SUMMARY:${summary}`],
    ...["END:VEVENT", "END:VCALENDAR", ""],
  ].join("\r\n");
  const headers = { "content-type": "text/calendar" };
  const put = await asAdmin(`/admin/${calendar}/${uid}.ics`, { method: "PUT", headers, body });
  equal(put.status, 201);
}

/** What the server answers to somebody who asks for an event. */
export async function readEvent(calendar: string, uid: string): Promise<string> {
  const answer = await asAdmin(`/admin/${calendar}/${uid}.ics`);
  return answer.status === 200 ? await answer.text() : `status ${answer.status}`;
}
