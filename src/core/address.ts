/** User name and password, which may themselves hold `@`, `?` and `#`; and where no port can stand, also a slash. */
const USERINFO = /(?<=\/\/)(?:[^\s/"'<>\\]*|[^\s/:@"'<>\\]*:(?!\d{1,5}(?![\w%]))[^\s@"'<>\\]*)@/g;
/** Query and fragment: signed addresses and OpenClaw's own (`#token=`) carry secrets there. */
const QUERY = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s"'<>\\?#]*)[?#][^\s"'<>\\]*/gi;

/** Takes user names, passwords, queries and fragments out of every address in a text, which may be JSON. */
export function withoutCredentials(text: string): string {
  return text.includes('//') ? text.replace(USERINFO, '').replace(QUERY, '$1') : text;
}

/** Returns true for an address that must not be kept: it has a password, a query, or a user name for HTTP. */
export function hasCredentials(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, username, password, search } = new URL(address);
  return password !== '' || search !== '' || (username !== '' && /^https?:$/.test(protocol));
}
