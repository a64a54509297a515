import { type Credential, credentials } from "../../host/credentials.ts";
import { UNITS } from "../../host/units.ts";

/** Where the value of a secret comes from. */
type Origin =
  /** We make it, so many bytes long. Whoever has to have the same value has the same entry. */
  | { made: number }
  /** A person gives it, and this sentence says where that person finds it. */
  | { given: string };

export type Secret = Origin & {
  /** What it is for. */
  means: string;
  /** Whether a host may do without it. */
  optional?: true;
  /** What nobody but a person can change when it gets another value. */
  byHand?: string;
  /** The fewest characters with which the programs that read it are content. */
  least?: number;
};

/** Every secret of a host. */
export const SECRETS: Record<Credential, Secret> = {
  bridge_token: { made: 32, means: "the bridge writes to the dashboard with it", least: 16 },
  runner_token: { made: 32, means: "runs write to the dashboard with it", least: 16 },
  forge_token: {
    given: "on the forge, logged in as the bot: Settings, Applications, Generate new token, " +
      "with the scopes read:organization, read:repository and write:issue",
    means: "the bridge reads and answers comments with it",
    byHand: "Revoke the old token on the forge, logged in as the bot.",
  },
  webhook_secret: {
    made: 32,
    means: "the forge signs its deliveries to the bridge with it",
    byHand:
      "Put the new value into the webhook on the forge; until then the bridge finds comments by looking.",
    least: 16,
  },
  status_token: {
    given: "on the forge, of an account that may write to the recipes: Settings, Applications, " +
      "Generate new token, with the scope write:repository",
    means: "the bridge writes commit statuses with it",
    optional: true,
    byHand: "Revoke the old token on the forge.",
  },
  drone_token: { made: 16, means: "the bridge starts builds of Drone with it" },
  drone_rpc_secret: {
    made: 32,
    means: "runners log in to Drone with it",
    byHand: "Give the new value to every other runner host, too.",
  },
  drone_client_id: {
    given: "on the forge: Settings, Applications, Create OAuth2 application, with Drone's " +
      "address and /login behind it as redirect URI; it is the client ID",
    means: "Drone lets people log in by the forge with it",
  },
  drone_client_secret: {
    given: "on the forge, where the OAuth2 application of Drone is made: the client secret",
    means: "Drone lets people log in by the forge with it",
  },
  restic_password: {
    made: 32,
    means: "the backup bot's repository is encrypted with it",
    byHand:
      "Once the backup bot has it, remove the key of the old value from the repository, which opens with it " +
      'until then: in its container "restic key list", and "restic key remove ID" for the one without a "*".',
  },
  registry_auth: {
    given: "at the registry whose images runs pull: name and access token of an account, as NAME:TOKEN",
    means: "Docker logs in to the registry with it",
    optional: true,
    byHand: "Revoke the old token at the registry.",
  },
  git_token: {
    given:
      "on the forge, of an account that may read recipes that are not public: a token with the scope read:repository",
    means: "recipes that are not public are fetched with it",
    optional: true,
    byHand: "Revoke the old token on the forge.",
  },
};

export const NAMES = credentials;

export function isSecret(name: string): name is Credential {
  return Object.hasOwn(SECRETS, name);
}

/** Units that have a secret in their hands, and so need a restart when it has another value. */
export function unitsWith(names: readonly Credential[]): string[] {
  return Object.entries(UNITS.units)
    .filter(([, { credentials }]) => credentials.some(({ name }) => names.some((one) => one === name)))
    .map(([unit]) => unit);
}
