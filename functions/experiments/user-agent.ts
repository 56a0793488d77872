import Bowser from 'bowser';

/** What a user-agent header tells; `unknown` for what it does not. */
export interface UserAgentTraits {
  readonly device: 'mobile' | 'tablet' | 'desktop' | 'tv' | 'bot' | 'unknown';
  readonly os: string;
  readonly browser: string;
}

/** A longer header is no browser's; parsing takes time with its length. */
const MOST_CHARACTERS = 1024;
const DEVICES = ['mobile', 'tablet', 'desktop', 'tv', 'bot'] as const;
const NOTHING: UserAgentTraits = { device: 'unknown', os: 'unknown', browser: 'unknown' };

/**
 * Device, system and browser of a user-agent header, by bowser. A header that names no device is a desktop's, as in the
 * source's first test; none at all is unknown. Never throws.
 */
export function readUserAgent(header: string): UserAgentTraits {
  const text = header.trim();
  if (text === '' || text.length > MOST_CHARACTERS) return NOTHING;
  const { platform, os, browser } = Bowser.parse(text);
  return {
    device: DEVICES.find((device) => device === platform.type) ?? 'desktop',
    os: os.name ?? 'unknown',
    browser: browser.name || 'unknown',
  };
}
