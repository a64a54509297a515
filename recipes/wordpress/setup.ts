import { hand, page, setup } from "cc-ci";

setup(async () => {
  const password = crypto.randomUUID();
  await hand("password", password, { secret: true });
  const form = await page("/wp-admin/install.php?step=1");
  await form.fill("#weblog_title", "Tested by cc-ci");
  await form.fill("#user_login", "ada");
  await form.fill("#pass1", password);
  await form.fill("#admin_email", "ada@example.org");
  await form.click("#submit", { timeoutMs: 90_000 });
  await form.waitFor({ text: "WordPress has been installed" }, { timeoutMs: 90_000 });
  await form.screenshot("set-up");
});
