#!/usr/bin/env node
/** Most is asked of these, and a start is above all loading: they have a file of their own, see `build/bundle-cli.js`. */
const LOOKING = ['list', 'status'];
/** With one of these they do more than look. */
const DOING = ['--check', '--follow'];

const [, , name = '', ...options] = process.argv;
const looks = LOOKING.includes(name) && !options.some((option) => DOING.includes(option));
const own = process.getBuiltinModule('node:module').createRequire(import.meta.url);
const { run }: typeof import('./every.js') = looks ? own('./looking.cjs') : await import('./every.js');
await run(process.argv);
