import type { Deploy } from './deployment.ts';
import { deployEmbedded } from './embedded-deployment.ts';

let chosen: Deploy = deployEmbedded;

/** How stories run Tocsin unless they say otherwise: all in one process, or as the suite's setup file has it. */
export const defaultDeployment = (): Deploy => chosen;

/** For setup files: tells the same stories of another way to run. */
export function deployByDefault(deploy: Deploy): void {
  chosen = deploy;
}
