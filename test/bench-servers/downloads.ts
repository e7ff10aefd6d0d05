import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { BenchIncomplete } from './child-server.ts';

/** Versions against which the adapters are tested. */
export const KAFKA_VERSION = '4.3.1';
export const REGISTRY_VERSION = '3.0.9';

/** Where downloads are kept from run to run; `TOCSIN_BENCH_CACHE` names another folder. */
const CACHE = process.env.TOCSIN_BENCH_CACHE ?? join(homedir(), '.cache', 'tocsin-bench');

/** Jars of Apache Kafka, from Maven Central. */
export function kafkaJars(): string {
  const lib = join(CACHE, `kafka-${KAFKA_VERSION}`, 'lib');
  if (existsSync(lib) && readdirSync(lib).some((file) => file.startsWith('kafka_2.13-'))) return lib;
  needs('java', 'a Java runtime of version 17 or newer', 'apt-get install openjdk-17-jre-headless');
  needs('mvn', 'Maven, to download Apache Kafka', 'apt-get install maven');
  const project = join(CACHE, 'download');
  mkdirSync(project, { recursive: true });
  writeFileSync(
    join(project, 'pom.xml'),
    `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>bench</groupId><artifactId>bench</artifactId><version>1</version>
<dependencies><dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId>
<version>${KAFKA_VERSION}</version></dependency></dependencies></project>`,
  );
  const fresh = `${lib}.${process.pid}`;
  maven(project, ['dependency:copy-dependencies', `-DoutputDirectory=${fresh}`]);
  rmSync(lib, { recursive: true, force: true });
  renameSync(fresh, lib);
  return lib;
}

/** The unpacked folder of Apicurio Registry, from Maven Central. */
export function registryHome(): string {
  const home = join(CACHE, `registry-${REGISTRY_VERSION}`);
  if (existsSync(home)) return home;
  needs('java', 'a Java runtime of version 17 or newer', 'apt-get install openjdk-17-jre-headless');
  mkdirSync(CACHE, { recursive: true });
  const archive = join(CACHE, `apicurio-registry-app-${REGISTRY_VERSION}-all.tar.gz`);
  if (!existsSync(archive)) {
    needs('mvn', 'Maven, to download Apicurio Registry', 'apt-get install maven');
    maven(CACHE, [
      'dependency:copy',
      `-Dartifact=io.apicurio:apicurio-registry-app:${REGISTRY_VERSION}:tar.gz:all`,
      `-DoutputDirectory=${CACHE}`,
    ]);
  }
  const fresh = `${home}.${process.pid}`;
  mkdirSync(fresh);
  execFileSync('tar', ['xzf', archive, '-C', fresh]);
  renameSync(fresh, home);
  return home;
}

/** The folder of PostgreSQL's programs. */
export function postgresPrograms(): string {
  const found = globSync('/usr/lib/postgresql/*/bin/initdb').sort().at(-1);
  if (found !== undefined) return join(found, '..');
  throw new BenchIncomplete('the bench needs PostgreSQL: apt-get install postgresql');
}

function needs(program: string, what: string, how: string): void {
  const found = spawnSync(program, ['--version'], { stdio: 'ignore' });
  if (found.error !== undefined) throw new BenchIncomplete(`the bench needs ${what}: ${how}`);
}

function maven(cwd: string, goals: readonly string[]): void {
  const done = spawnSync('mvn', ['--batch-mode', '--quiet', ...goals], { cwd, encoding: 'utf8' });
  if (done.status !== 0) {
    throw new BenchIncomplete(`Maven could not download what the bench needs:\n${done.stdout}${done.stderr}`);
  }
}
