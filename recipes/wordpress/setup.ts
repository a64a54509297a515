import { eventually, hand, page, setup } from "cc-ci";

setup(async () => {
  const password = crypto.randomUUID();
  await hand("password", password, { secret: true });
  const form = await page("/wp-admin/install.php?step=1");
  await form.fill("#weblog_title", "Tested by cc-ci");
  await form.fill("#user_login", "ada");
  await form.fill("#admin_email", "ada@example.org");
  // The form takes no password before the script has loaded that says how strong it is.
  await eventually(async () => {
    await form.fill("#pass1", password);
    await form.waitFor({ selector: "#pass-strength-result.strong" }, { timeoutMs: 2_000 });
  }, { seconds: 60 });
  await form.click("#submit");
  await form.waitFor({ text: "WordPress has been installed" }, { timeoutMs: 90_000 });
  await form.screenshot("set-up");
});
