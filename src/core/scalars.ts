/** Strings and numbers of our files; `build/schemas.js` makes `layout/schemas/` of these limits. */

/**
 * ISO 8601.
 * @pattern ^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d
 */
export type Moment = string;

/**
 * File name in the root: id of a release, a change, a request or a snapshot.
 * @pattern ^[0-9A-Za-z][0-9A-Za-z.+-]{0,255}$
 */
export type Name = string;

/**
 * Id of a release.
 * @pattern ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$
 */
export type ReleaseVersion = string;

/** @pattern ^/. */
export type AbsolutePath = string;

/**
 * Path that leads nowhere else than below its directory.
 * @pattern ^(?!/)(?!(?:[^]{0,}/)?\.\.(?:/|$))[^]+$
 */
export type PathBelow = string;

/**
 * Full name of a service of systemd.
 * @pattern ^[A-Za-z0-9_:.\\@][A-Za-z0-9_:.\\@-]{0,240}\.service$
 */
export type ServiceName = string;

/**
 * In hex.
 * @pattern ^[0-9a-f]{64}$
 */
export type Sha256 = string;

/** @asType integer */
export type Integer = number;

/**
 * @asType integer
 * @minimum 0
 */
export type Count = number;

/**
 * @asType integer
 * @minimum 1
 */
export type Pid = number;

/**
 * @asType integer
 * @minimum 0
 * @maximum 4095
 */
export type FileMode = number;

/** @minimum 0 */
export type Milliseconds = number;
