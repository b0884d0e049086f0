import { builtins } from "./builtins.js";
import type { Call } from "./call.js";
import { own } from "./own.js";

export const calls: readonly Call[] = [...builtins, ...own];
