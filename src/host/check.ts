// What the package checks of a host: that it is one, and that it can do what is asked.

import { invalidType, unsupported } from "../common/errors.js";
import { hints } from "../common/hints.js";
import type { Capability, Host } from "./host.js";

const members: Readonly<Record<Exclude<keyof Host, "join">, "string" | "number" | "function">> = {
  name: "string",
  pageSize: "number",
  can: "function",
  get: "function",
  stat: "function",
  set: "function",
  remove: "function",
  lock: "function",
  unlock: "function",
  map: "function",
  unmap: "function",
  discard: "function",
  privatePages: "function",
  isInPlace: "function",
  list: "function",
  limits: "function",
  ftok: "function",
  explain: "function",
};

/**
 * @param allowed what the option may be, for the message
 * @throws {TypeError} `ERR_INVALID_ARG_TYPE` it is not a Host; the message names each member that it lacks
 */
export function checkHost(name: string, value: unknown, allowed: string): Host {
  if (typeof value !== "object" || value === null) throw invalidType(name, allowed, value);
  const lacking = Object.entries(members)
    .filter(([member, type]) => typeof (value as Record<string, unknown>)[member] !== type)
    .map(([member, type]) => (type === "function" ? `${member}()` : `${member} (a ${type})`));
  if (lacking.length > 0) throw invalidType(name, `${allowed}; this one lacks ${lacking.join(", ")}`, value);
  return value as Host;
}

/** @throws {ShmError} `ERR_SHM_UNSUPPORTED` the host cannot do it; `what` is what was asked for */
export function checkCapability(host: Host, capability: Capability, what: string): void {
  if (host.can(capability)) return;
  throw unsupported(`${what} by the ${host.name} host`, hints.useSysv, { hint: hints.useSysv });
}
