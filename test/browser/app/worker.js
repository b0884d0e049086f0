import { scenario } from "./scenario.js";

postMessage(scenario());
