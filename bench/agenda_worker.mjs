// A worker of Agenda, for the comparison. Appends "<id> <start ms> <due ms>" to `out` at each start.
import fs from 'node:fs';
import http from 'node:http';

const packages = `${process.env.PEERS}/node_modules`;
const { Agenda } = await import(`${packages}/agenda/dist/index.js`);
const { MongoBackend } = await import(`${packages}/@agendajs/mongo-backend/dist/index.js`);

const options = JSON.parse(process.argv[2]);
const out = fs.openSync(options.out, 'a');
const agent = new http.Agent({ keepAlive: true, maxSockets: 500 });

const call = () => new Promise((done, failed) => {
  http.get(options.sink, { agent }, (answer) => {
    answer.resume();
    answer.on('end', done);
  }).on('error', failed);
});

const backend = new MongoBackend({
  address: options.uri,
  collection: 'agendaJobs',
  options: { maxPoolSize: 100 },
});
const agenda = new Agenda({ name: `w${process.pid}`, backend, ...options.agenda });
for (const name of options.names) {
  agenda.define(name, async (job) => {
    fs.writeSync(out, `${job.attrs._id} ${Date.now()} ${job.attrs.data.due}\n`);
    if (options.action === 'http') await call();
  });
}
agenda.on('error', (error) => console.error('error', error.message));
await agenda.ready;
await agenda.start();
console.log('READY');
