// Starts a guest whose options are checked. Loaded at the first sandbox.
import { guestError } from "../common/errors.js";
import { WASM_PAGE } from "../memory/layout.js";
import { addonFileOf, sysvHost } from "../node.js";
import { segments } from "../segment/segment.js";
import { type InlineSandbox, startInlineSandbox } from "./inline.js";
import type { Job } from "./job.js";
import { readGuest } from "./module.js";
import type { CheckedOptions } from "./options.js";
import { type Sandbox, startSandbox } from "./sandbox.js";

/** @param bytes a copy of the guest's module */
export async function start(
  bytes: Uint8Array<ArrayBuffer>,
  { windows, imports, timeLimitMs, memoryLimit, allocator, inline }: CheckedOptions,
): Promise<Sandbox | InlineSandbox> {
  const { module, pages } = await readGuest(bytes, imports);
  const maximumPages = Math.floor(memoryLimit / WASM_PAGE);
  if (pages.initial > maximumPages)
    throw guestError(
      "ERR_SHM_MEMORY_LIMIT",
      `the guest begins with ${pages.initial * WASM_PAGE} bytes of memory; its limit is ${memoryLimit}`,
    );
  const request = { module, initialPages: pages.initial, maximumPages, declaredPages: pages.maximum, allocator };
  if (inline) return startInlineSandbox({ ...request, windows }, imports);
  return startSandbox({ ...request, ...shareable({ windows, imports }) }, imports, timeLimitMs);
}

/** The addon that the windows' segments are reached by, else the package's own. */
function addonOf(windows: CheckedOptions["windows"]): string {
  const files = [...windows.values()].map(({ segment }) => addonFileOf(segments.hostOf(segment)));
  return files.find((file) => file !== undefined) ?? (addonFileOf(sysvHost()) as string);
}

/** Windows and imports as another thread can receive them. */
function shareable({
  windows,
  imports,
}: Pick<CheckedOptions, "windows" | "imports">): Pick<Job, "addon" | "windows" | "imports"> {
  return {
    addon: addonOf(windows),
    windows: [...windows].map(([name, { segment, access, offset, length }]) => ({
      name,
      id: segment.id,
      access,
      offset,
      length,
    })),
    imports: Object.entries(imports).map(([module, functions]) => [module, Object.keys(functions)] as const),
  };
}
