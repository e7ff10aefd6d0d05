import { existsSync } from 'node:fs';
import { actionManagement } from '../../services/action-management/main.ts';
import { alerting } from '../../services/alerting/main.ts';
import { COMMANDS } from '../../services/cli/commands.ts';
import { ingestion } from '../../services/ingestion/main.ts';
import { loopClosure } from '../../services/loop-closure/main.ts';
import { notification } from '../../services/notification/main.ts';
import { serviceSettings } from '../../services/platform/distributed/settings.ts';
import { scoring } from '../../services/scoring/main.ts';

const DEFINITIONS = [ingestion, scoring, actionManagement, alerting, notification, loopClosure];
export const SERVICE_NAMES = DEFINITIONS.map(({ name }) => name);

/** A process of ours as a deployment file starts it, whatever kind of file that is. */
export interface Deployed {
  readonly name: string;
  /** What follows `node`. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Files that it finds in its container beside those of the image. */
  readonly mounted: readonly string[];
}

/** What is wrong with a process, each as a complaint: a command or setting that there is not, a file nobody mounts. */
export function deployedFaults({ name, command, env, mounted }: Deployed): readonly string[] {
  const [script = '', ...words] = command;
  const isCli = script === 'services/cli/main.ts';
  const known = isCli ? settingsOfAll() : settingsOf(script);
  return [
    ...(existsSync(script) ? [] : [`${name}: there is no ${script}`]),
    ...(!isCli || COMMANDS.some((one) => words.join(' ').startsWith(one.name))
      ? []
      : [`${name}: there is no command "tocsin ${words.join(' ')}"`]),
    ...Object.entries(env).flatMap(([variable, value]) => {
      const setting = variable.replace(/_FILE$/, '');
      if (!known.has(setting)) return [`${name}: ${variable} is no setting`];
      const isFile = variable.endsWith('_FILE');
      return isFile && !mounted.includes(value) ? [`${name}: nobody mounts ${value} for ${variable}`] : [];
    }),
    ...(isCli ? [] : unreadable(name, env)),
  ];
}

/** The service's own parsing of the values, with something in place of what comes from files. */
function unreadable(name: string, env: Readonly<Record<string, string>>): readonly string[] {
  const given = Object.fromEntries(
    Object.entries(env).map(([variable, value]) =>
      variable.endsWith('_FILE') ? [variable.slice(0, -'_FILE'.length), 'from-a-file'] : [variable, value],
    ),
  );
  const read = serviceSettings.safeParse(given);
  return (read.error?.issues ?? []).map(({ path, message }) => `${name}: ${path.join('.')}: ${message}`);
}

function settingsOf(script: string): ReadonlySet<string> {
  const definition = DEFINITIONS.find(({ name }) => script === `services/${name}/main.ts`);
  return new Set([...Object.keys(serviceSettings.shape), ...Object.keys(definition?.settings.shape ?? {})]);
}

const settingsOfAll = (): ReadonlySet<string> =>
  new Set(DEFINITIONS.flatMap(({ name }) => [...settingsOf(`services/${name}/main.ts`)]));
