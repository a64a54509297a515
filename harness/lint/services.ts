import type { Compose } from "../recipe/compose.ts";
import { composeServices } from "../recipe/compose_services.ts";
import { type Finding, quote } from "./finding.ts";
import { placeOf } from "./recipe.ts";

/** Service names and images, as abra's rules R003, R004, R009 and R011 see them, but with lines. */
export function checkServices(compose: Compose): Finding[] {
  const services = composeServices(compose);
  const findings: Finding[] = [];
  if (!Object.hasOwn(services, "app")) {
    const names = Object.keys(services).map((name) => quote(name)).join(", ") || "none";
    findings.push({
      rule: "lint.app-service",
      severity: "error",
      ...placeOf(compose, ["services"]),
      message: `No service is called "app" (there is ${names})`,
      hint: "abra reads version and timeout from the service app, and so do we",
    });
  }
  for (const [service, definition] of Object.entries(services)) {
    const finding = checkImage(service, { image: definition.image, compose });
    if (finding !== null) findings.push(finding);
  }
  return findings;
}

function checkImage(
  service: string,
  { image, compose }: { image: unknown; compose: Compose },
): Finding | null {
  if (typeof image !== "string" || image.trim() === "") {
    return {
      rule: "lint.image",
      severity: "error",
      ...placeOf(compose, ["services", service]),
      message: `Service ${quote(service)} has no image`,
      subject: service,
    };
  }
  if (image.includes("@")) return null; // a digest says more than any tag
  const tag = /:([^:/]*)$/.exec(image)?.[1] ?? "";
  if (tag !== "" && tag !== "latest") return null;
  return {
    rule: "lint.image-tag",
    severity: "warning",
    ...placeOf(compose, ["services", service, "image"]),
    message: tag === ""
      ? `The image ${quote(image)} of service ${quote(service)} has no tag`
      : `The image ${quote(image)} of service ${quote(service)} is whatever is newest`,
    hint: "Name a version: otherwise two installations of one release run different things",
    subject: service,
  };
}
