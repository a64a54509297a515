import { exec, hand, setup } from "cc-ci";

// Gitea's page for the first account is locked: its operator makes it by a command.
setup(async () => {
  const password = crypto.randomUUID();
  await hand("password", password, { secret: true });
  const account = ["--username", "ada", "--password", password, "--email", "ada@example.org"];
  await exec("app", [
    "gitea",
    "admin",
    "user",
    "create",
    "--admin",
    "--must-change-password=false",
    ...account,
  ]);
});
