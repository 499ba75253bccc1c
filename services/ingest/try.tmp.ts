import { prepareWorkspace } from "../../infra/src/prepare.ts";
import { generateStream } from "../../packages/testkit/src/events.ts";
import { connectKafka, connectProducer, silentLogger } from "@keypulse/engines";
import { topicNames } from "@keypulse/contracts";
import { readIngestConfig } from "./src/config.ts";
console.log(await prepareWorkspace(process.env));
const kafka=connectKafka(readIngestConfig(),"try",silentLogger);
const p=await connectProducer(kafka); const t=topicNames(process.env.TOPIC_PREFIX);
const n=+process.argv[2]!, seed=+process.argv[3]!;
let buf=new Map<string,{key:string,value:string}[]>(), c=0; const t0=performance.now();
const flush=async()=>{ await p.sendBatch({topicMessages:[...buf].map(([topic,messages])=>({topic,messages}))}); buf=new Map(); };
for(const e of generateStream({seed,events:n,clients:5000,duplicates:0.05,startMs:Date.now()-n})){ const l=buf.get(t.events[e.kind])??[]; buf.set(t.events[e.kind],l); l.push({key:e.key,value:JSON.stringify(e.event)}); if(++c%5000===0) await flush(); }
await flush(); console.log("produced",c,(performance.now()-t0)|0,"ms"); await p.disconnect();
