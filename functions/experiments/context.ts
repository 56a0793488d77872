import { isTimeZone } from '../contracts/dataset.ts';
import { type Channel, CONTEXT_NUMBERS, type ExperimentContext } from '../contracts/experiment.ts';
import { calendarOf } from '../features/calendar.ts';
import { readUserAgent, type UserAgentTraits } from './user-agent.ts';

/** What a caller sends about a visitor: any JSON object; fields that are not known or not readable count as absent. */
export type RawContext = Readonly<Record<string, unknown>>;

/** When and on which clocks a context is read. */
export interface ContextMoment {
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  /** IANA name; a valid `time_zone` of the context itself goes before it. */
  readonly timeZone: string;
}

/** Longest value that parts visitors; what is longer is cut. */
const MOST_CHARACTERS = 48;
/** Cut points of scores from 0 to 1: low below the first, high from the second on. */
const LEVELS = [1 / 3, 2 / 3] as const;

/**
 * The uniform context of a visitor (S2-15…S2-19): the same keys for every channel. A device that the caller names goes
 * before the one that the user agent shows, `source` before `utm_source`, and so on.
 */
export function extractContext(
  channel: Channel,
  raw: RawContext,
  { atMs, timeZone }: ContextMoment,
): ExperimentContext {
  const own = (name: string): unknown => (Object.hasOwn(raw, name) ? raw[name] : undefined);
  const text = (...names: string[]) =>
    names.map((name) => word(own(name))).find((value) => value !== undefined);
  const number = (name: string) => {
    const value = own(name);
    return typeof value === 'number' && Number.isFinite(value) ? value : null;
  };
  const agent = agentOf(own('user_agent'));
  const zone = own('time_zone');
  const calendar = calendarOf(
    typeof zone === 'string' && zone.length <= 64 && isTimeZone(zone) ? zone : timeZone,
  );
  const hour = calendar.part('hour_of_day', atMs);
  const scores = Object.fromEntries(CONTEXT_NUMBERS.map((name) => [name, number(name)])) as Record<
    (typeof CONTEXT_NUMBERS)[number],
    number | null
  >;
  return {
    channel,
    source: text('source', 'utm_source') ?? sourceOf(channel),
    medium: text('medium', 'utm_medium') ?? 'unknown',
    campaign: text('campaign', 'utm_campaign', 'campaign_id') ?? 'unknown',
    device: text('device') ?? agent.device,
    os: text('os') ?? agent.os,
    browser: text('browser') ?? agent.browser,
    country: text('country', 'country_code') ?? 'unknown',
    hour,
    day_part: dayPart(hour),
    is_weekend: calendar.part('is_weekend', atMs) === 1,
    list_id: text('list_id') ?? 'unknown',
    engagement: level(scores.engagement_score),
    funnel_id: text('funnel_id') ?? 'unknown',
    stage: text('current_stage', 'stage') ?? 'unknown',
    risk: level(scores.drop_risk),
    ...scores,
    // The source's name says no unit; its comment does.
    time_in_funnel_minutes: scores.time_in_funnel_minutes ?? number('time_in_funnel'),
  };
}

/** Who visits outside the web was sent there by the channel itself. */
function sourceOf(channel: Channel): string {
  return channel === 'email' || channel === 'push' ? channel : 'unknown';
}

function agentOf(header: unknown): UserAgentTraits {
  const { device, os, browser } = readUserAgent(typeof header === 'string' ? header : '');
  return { device, os: word(os) ?? 'unknown', browser: word(browser) ?? 'unknown' };
}

/**
 * A value as it stands in a key: lower case, one line, without the two characters that keys are built with; undefined
 * for what is no text, number or truth value, or holds nothing.
 */
function word(value: unknown): string | undefined {
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : undefined;
  if (typeof value !== 'string') return undefined;
  const cleaned = value
    .slice(0, 4 * MOST_CHARACTERS)
    .toWellFormed()
    .normalize('NFC')
    .toLowerCase()
    .replaceAll(/[|:\s\p{C}]+/gu, ' ')
    .trim();
  return cleaned === '' ? undefined : [...cleaned].slice(0, MOST_CHARACTERS).join('');
}

function level(score: number | null): string {
  if (score === null) return 'unknown';
  return score < LEVELS[0] ? 'low' : score < LEVELS[1] ? 'medium' : 'high';
}

/** Night until 6, morning until 12, afternoon until 18, evening until 22, then night again. */
function dayPart(hour: number): string {
  if (hour < 6 || hour >= 22) return 'night';
  return hour < 12 ? 'morning' : hour < 18 ? 'afternoon' : 'evening';
}
