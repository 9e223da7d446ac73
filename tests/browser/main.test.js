// The frame in real browsers: thirteen scenarios, each in every engine that is installed.
//
// `just browser` builds the program, installs the driver and runs this file.
import { framing } from "./scenarios/framing.js";
import { lifetime } from "./scenarios/lifetime.js";
import { opening } from "./scenarios/opening.js";
import { outages } from "./scenarios/outages.js";
import { refusals } from "./scenarios/refusals.js";
import { renewal } from "./scenarios/renewal.js";
import { play } from "./stage/play.js";

await play([opening, renewal, refusals, framing, outages, lifetime]);
