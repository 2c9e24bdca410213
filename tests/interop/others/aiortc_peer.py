#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""aiortc as the other peer: lines of JSON in and out. It knows no trickling: its descriptions carry all candidates."""
import asyncio
import fractions
import json
import math
import sys

import av
import numpy
from aiortc import MediaStreamTrack, RTCPeerConnection, RTCSessionDescription
from aiortc.sdp import candidate_from_sdp

LEFT, RIGHT, MICROPHONE_HZ = (224, 32, 32), (32, 32, 224), 1000


def emit(line):
    print(json.dumps(line), flush=True)


def fnv(data):
    value = 2166136261
    for byte in data:
        value = ((value ^ byte) * 16777619) & 0xFFFFFFFF
    return value


class Camera(MediaStreamTrack):
    """Two colours, 30 times a second."""

    kind = "video"

    def __init__(self):
        super().__init__()
        picture = numpy.zeros((480, 640, 3), dtype=numpy.uint8)
        picture[:, :320] = LEFT
        picture[:, 320:] = RIGHT
        self.picture = picture
        self.count = 0
        self.begin = None

    async def recv(self):
        loop = asyncio.get_event_loop()
        self.begin = self.begin or loop.time()
        await asyncio.sleep(max(0, self.begin + self.count / 30 - loop.time()))
        frame = av.VideoFrame.from_ndarray(self.picture, format="rgb24")
        frame.pts, frame.time_base = self.count * 3000, fractions.Fraction(1, 90000)
        self.count += 1
        return frame


class Microphone(MediaStreamTrack):
    """A tone in frames of 20 ms."""

    kind = "audio"

    def __init__(self):
        super().__init__()
        self.at = 0
        self.begin = None

    async def recv(self):
        loop = asyncio.get_event_loop()
        self.begin = self.begin or loop.time()
        await asyncio.sleep(max(0, self.begin + self.at / 48000 - loop.time()))
        times = numpy.arange(self.at, self.at + 960) / 48000
        samples = (10000 * numpy.sin(2 * math.pi * MICROPHONE_HZ * times)).astype(numpy.int16)
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 48000, self.at, fractions.Fraction(1, 48000)
        self.at += 960
        return frame


class Watch:
    def __init__(self):
        self.video = {"framesDecoded": 0}
        self.samples = numpy.zeros(0)
        self.rate = 48000

    async def run(self, track):
        while True:
            frame = await track.recv()
            if track.kind == "video":
                self.take_picture(frame)
            else:
                self.take_sound(frame)

    def take_picture(self, frame):
        count = self.video["framesDecoded"] + 1
        if count % 5 != 1 and "left" in self.video:  # converting each is too slow
            self.video["framesDecoded"] = count
            return
        picture = frame.to_ndarray(format="rgb24")
        height, width = picture.shape[:2]

        def colour(percent):
            x, y = width * percent // 100, height * 3 // 4  # below our test picture's counter and clock
            return [int(value) for value in picture[y - 8:y + 8, x - 8:x + 8].reshape(-1, 3).mean(axis=0)]

        self.video = {"framesDecoded": count, "width": width, "height": height, "checksum": fnv(picture[::7, ::7].tobytes()),
                      "left": colour(15), "centre": colour(50), "right": colour(85)}

    def take_sound(self, frame):
        samples = frame.to_ndarray()
        channels = len(frame.layout.channels)
        self.rate = frame.sample_rate
        mono = samples.reshape(-1)[::channels] if samples.shape[0] == 1 else samples[0]
        self.samples = numpy.concatenate([self.samples, mono.astype(float)])[-self.rate:]

    def tone(self):
        rising = numpy.nonzero((self.samples[:-1] < 0) & (self.samples[1:] >= 0))[0]
        return float((len(rising) - 1) * self.rate / (rising[-1] - rising[0])) if len(rising) > 1 else 0.0


class Peer:
    def __init__(self, options):
        self.options = options
        self.connection = RTCPeerConnection()
        self.watch = Watch()
        self.channels = []
        self.tasks = []
        self.connection.on("connectionstatechange", lambda: emit({"event": "connectionState", "value": self.connection.connectionState}))
        self.connection.on("datachannel", self.use_channel)
        self.connection.on("track", self.use_track)

    def use_track(self, track):
        emit({"event": "track", "value": track.kind})
        self.tasks.append(asyncio.ensure_future(self.watch.run(track)))

    def use_channel(self, channel):
        self.channels.append(channel)

        def tell():
            emit({"event": "channel", "label": channel.label, "id": channel.id, "state": channel.readyState})

        def on_message(data):
            text = isinstance(data, str)
            content = data.encode() if text else data
            line = {"event": "message", "label": channel.label, "kind": "text" if text else "binary", "size": len(content), "sum": fnv(content)}
            emit(line)

        channel.on("open", tell)
        channel.on("close", tell)
        channel.on("message", on_message)
        if channel.readyState == "open":
            tell()

    async def begin(self):
        if self.options.get("audio"):
            self.connection.addTrack(Microphone())
        if self.options.get("video"):
            self.connection.addTrack(Camera())
        if self.options.get("data"):
            self.use_channel(self.connection.createDataChannel(self.options["data"]))
        if self.options["role"] == "offer":
            await self.describe(await self.connection.createOffer())

    async def describe(self, description):
        await self.connection.setLocalDescription(description)
        emit({"type": self.connection.localDescription.type, "sdp": self.connection.localDescription.sdp})

    async def take(self, line):
        if "candidate" in line:
            if line["candidate"]:
                candidate = candidate_from_sdp(line["candidate"].split(":", 1)[1])
                candidate.sdpMid = line["sdpMid"]
                await self.connection.addIceCandidate(candidate)
        elif line["type"] in ("offer", "answer"):
            await self.connection.setRemoteDescription(RTCSessionDescription(sdp=line["sdp"], type=line["type"]))
            if line["type"] == "offer":
                await self.describe(await self.connection.createAnswer())
        elif line["type"] == "send":
            self.channels[0].send(line["text"] if "text" in line else bytes(i % 251 for i in range(line["size"])))
        elif line["type"] == "stats":
            emit({"type": "stats", "video": self.watch.video, "audio": {"toneHz": self.watch.tone()}})


async def main():
    peer = Peer(json.loads(sys.argv[1]))
    await peer.begin()
    reader = asyncio.StreamReader(limit=1 << 20)
    await asyncio.get_event_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while True:
        text = await reader.readline()
        line = json.loads(text) if text else {"type": "bye"}
        if line.get("type") == "bye":
            break
        await peer.take(line)
    await peer.connection.close()


asyncio.run(main())
