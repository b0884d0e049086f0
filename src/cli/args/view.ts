// How bytes are shown, by the options that dump and watch share.
import { type Command, Option } from "commander";
import { type ViewName, views } from "../format/views.js";

export interface ViewOptions {
  as: ViewName;
  bigEndian?: true;
}

/** Adds `--as` and `--big-endian`. */
export function addView(command: Command): Command {
  return command
    .addOption(new Option("-a, --as <view>", "how to show the bytes").choices(Object.keys(views)).default("hex"))
    .option("--big-endian", "show numbers as big-endian (default: little-endian)");
}
