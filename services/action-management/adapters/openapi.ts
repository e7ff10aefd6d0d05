import { z } from 'zod';
import { type ApiPart, PlainProblem } from '../../platform/http/openapi.ts';
import { KeptQuery } from './rules.fastify.ts';
import { AddSilence, ExpireSilence, SilencesQuery } from './silences.fastify.ts';

const Silence = z
  .object({
    id: z.string(),
    rule: z.string().optional(),
    subject: z.string().optional().describe("Customer id, or the segment's key."),
    product: z.string().optional(),
    region: z.string().optional(),
    team: z.string().optional(),
    by: z.string(),
    reason: z.string(),
    startsAt: z.iso.datetime(),
    endsAt: z.iso.datetime(),
    endedBy: z.string().optional(),
    state: z.enum(['planned', 'active', 'over']),
  })
  .meta({ id: 'Silence' });
const SilenceList = z.object({ silences: z.array(Silence) }).meta({ id: 'SilenceList' });
const Rules = z
  .looseObject({
    folder: z.string(),
    hash: z.string(),
    rules: z.array(z.object({ id: z.string(), stage: z.string(), title: z.string() })),
  })
  .describe(
    'Which rules are in force, which are in quarantine, and what became of the latest attempt to read them.',
  )
  .meta({ id: 'RulesStatus' });
const Reload = z
  .looseObject({ outcome: z.string() })
  .describe('What became of it.')
  .meta({ id: 'RulesReload' });
const KeptRules = z
  .object({
    sets: z.array(
      z.object({
        hash: z.string(),
        since: z.number().describe('Epoch ms.'),
        source: z.looseObject({ files: z.array(z.object({ name: z.string(), text: z.string() })) }),
      }),
    ),
  })
  .meta({ id: 'KeptRules' });
const Released = z.object({ rule: z.string(), released: z.literal(true) }).meta({ id: 'RuleReleased' });

/** What action-management can be asked: silences, and which rules are in force. */
export const ACTION_MANAGEMENT_API: ApiPart = {
  operations: [
    {
      id: 'listSilences',
      method: 'get',
      path: '/v1/silences',
      summary: 'What is silenced, by whom, why and until when; with `all=true` also what is over',
      query: SilencesQuery,
      answers: { 200: SilenceList, 400: PlainProblem },
    },
    {
      id: 'addSilence',
      method: 'post',
      path: '/v1/silences',
      summary: 'Bother nobody with certain matches for a while',
      body: AddSilence,
      key: 'ops',
      answers: { 201: Silence, 400: PlainProblem, 401: PlainProblem, 422: PlainProblem },
    },
    {
      id: 'expireSilence',
      method: 'post',
      path: '/v1/silences/{id}/expire',
      summary: 'End a silence before its time',
      body: ExpireSilence,
      key: 'ops',
      answers: { 200: Silence, 400: PlainProblem, 401: PlainProblem, 404: PlainProblem, 409: PlainProblem },
    },
    {
      id: 'showRules',
      method: 'get',
      path: '/v1/rules',
      summary: 'Which rules are in force',
      answers: { 200: Rules },
    },
    {
      id: 'listKeptRules',
      method: 'get',
      path: '/v1/rules/kept',
      summary: 'The sets of rules that were in force in a span, with their files',
      query: KeptQuery,
      answers: { 200: KeptRules, 400: PlainProblem },
    },
    {
      id: 'reloadRules',
      method: 'post',
      path: '/v1/rules/reload',
      summary: 'Read the rules folder again; answered when its rules are in force or refused',
      key: 'ops',
      answers: { 200: Reload, 401: PlainProblem, 409: Reload },
    },
    {
      id: 'releaseRule',
      method: 'post',
      path: '/v1/rules/{id}/release',
      summary: 'Judge again by a rule that was in quarantine',
      key: 'ops',
      answers: { 200: Released, 401: PlainProblem, 404: PlainProblem },
    },
  ],
  schemas: [Silence, SilenceList, Rules, Reload, KeptRules, Released, PlainProblem],
};
