// Ends with exit code 0 if the provider answers.
const { PORT } = process.env;
const answer = await fetch(`http://127.0.0.1:${PORT}/.well-known/openid-configuration`);
process.exit(answer.ok ? 0 : 1);
