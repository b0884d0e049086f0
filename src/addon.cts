// wasm-shm/addon: the addon itself, for `createShm({ addon })` in a bundle. Importing it loads it.
import loader = require("./loader.cjs");

const addon = loader.load() as object;
export = addon;
