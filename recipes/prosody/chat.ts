import { equal, match } from "node:assert/strict";
import { app, domain, fetch, secret } from "cc-ci";

/** Attributes of every request, and those of the ones that begin a stream. */
const BODY = "xmlns='http://jabber.org/protocol/httpbind'";
const STREAM = "xmlns:xmpp='urn:xmpp:xbosh' xmpp:version='1.0' xml:lang='en'";

/** A client of the account `admin`, which speaks XMPP in HTTP requests (BOSH). */
export class Client {
  #request = 1_000;
  #session = "";

  /** @param password by default the account's own */
  static async logIn(password?: string): Promise<Client> {
    const client = new Client();
    const offered = await client.#send("", `to='${app.domain}' ver='1.6' hold='1' wait='10' ${STREAM}`);
    client.#session = /\bsid='([^']+)'/.exec(offered)?.[1] ?? "";
    const plain = btoa(`\0admin\0${password ?? await secret("admin_password")}`);
    const sasl = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'";
    match(await client.#send(`<auth ${sasl} mechanism='PLAIN'>${plain}</auth>`), /<success/);
    await client.#send("", `xmpp:restart='true' to='${app.domain}' ${STREAM}`);
    await client.ask(
      "set",
      "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>cc-ci</resource></bind>",
    );
    return client;
  }

  /** Asks the server, or the service at the domain `to`, and returns what was answered. */
  async ask(type: "get" | "set", question: string, to?: string): Promise<string> {
    const address = to === undefined ? "" : ` to='${to}'`;
    const answer = await this.#send(
      `<iq xmlns='jabber:client' type='${type}' id='q'${address}>${question}</iq>`,
    );
    match(answer, /<iq [^>]*type='result'/);
    return answer;
  }

  /** Uploads a text as clients send files, and returns the address for those who are to read it. */
  async upload(name: string, text: string): Promise<string> {
    const file = `filename='${name}' size='${text.length}' content-type='text/plain'`;
    const slot = await this.ask("get", `<request xmlns='urn:xmpp:http:upload:0' ${file}/>`, domain("upload"));
    const [, put = ""] = /<put [^>]*url='([^']+)'/.exec(slot) ?? [];
    const [, get = ""] = /<get [^>]*url='([^']+)'/.exec(slot) ?? [];
    const [, authorization = ""] = /<header [^>]*>([^<]+)</.exec(slot) ?? [];
    const headers = { authorization, "content-type": "text/plain" };
    equal((await fetch(put, { method: "PUT", headers, body: text })).status, 201);
    return get;
  }

  /** What the account keeps for itself on the server: a text by a name. */
  async note(name: string): Promise<string> {
    return await this.ask("get", `<query xmlns='jabber:iq:private'><note xmlns='cc-ci:${name}'/></query>`);
  }

  async keepNote(name: string, text: string): Promise<void> {
    await this.ask(
      "set",
      `<query xmlns='jabber:iq:private'><note xmlns='cc-ci:${name}'>${text}</note></query>`,
    );
  }

  async #send(stanza: string, more = ""): Promise<string> {
    const session = this.#session === "" ? "" : `sid='${this.#session}'`;
    const body = `<body rid='${this.#request++}' ${session} ${BODY} ${more}>${stanza}</body>`;
    const headers = { "content-type": "text/xml; charset=utf-8" };
    const answer = await fetch("/http-bind", { method: "POST", headers, body });
    equal(answer.status, 200);
    return await answer.text();
  }
}
