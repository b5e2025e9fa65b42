#!/usr/bin/env node
/**
 * Most is asked of `list` and `status`, and a start is above all loading: they have a file of their own, see
 * `build/bundle-cli.js`. All of it is CommonJS, as Node's loader of other modules takes longer to start than they do.
 */
const LOOKING = ['list', 'status'];
/** With one of these they do more than look. */
const DOING = ['--check', '--follow'];

const [, , name = '', ...options] = process.argv;
const looks = LOOKING.includes(name) && !options.some((option) => DOING.includes(option));
if (looks) require('./looking.cjs').run(process.argv);
else void import('./every.js').then(({ run }) => run(process.argv));
