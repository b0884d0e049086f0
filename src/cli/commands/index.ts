// The commands by name, in the order of help and the manual. Each is loaded when it is wanted. A new command is a file beside
// this one, and its line here.
import type { Command } from "commander";

type Add = (program: Command) => void;

export const commands: Readonly<Record<string, () => Promise<Add>>> = {
  ls: async () => (await import("./ls.js")).addLs,
  stat: async () => (await import("./stat.js")).addStat,
  open: async () => (await import("./open.js")).addOpen,
  read: async () => (await import("./read.js")).addRead,
  dump: async () => (await import("./dump.js")).addDump,
  watch: async () => (await import("./watch.js")).addWatch,
  peers: async () => (await import("./peers.js")).addPeers,
  channel: async () => (await import("./channel.js")).addChannel,
  copy: async () => (await import("./copy.js")).addCopy,
  checksum: async () => (await import("./checksum.js")).addChecksum,
  rm: async () => (await import("./rm.js")).addRm,
  limits: async () => (await import("./limits.js")).addLimits,
  doctor: async () => (await import("./doctor.js")).addDoctor,
  build: async () => (await import("./build.js")).addBuild,
  completion: async () => (await import("./completion.js")).addCompletion,
};
