// fetch, with the endpoint as the host name.
import { endpointConnector } from 'piko'
import { Agent, fetch } from 'undici'

const connect = endpointConnector({ url: process.env.PIKO_URL })
const dispatcher = new Agent({ connect, pipelining: 0 })

const response = await fetch('http://my-endpoint/hello/you', { dispatcher })
console.log(response.status, await response.text())
