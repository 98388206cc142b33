"""A scripted Whisper model of under a megabyte, made in a moment without any download.

It runs through the real code of faster-whisper and CTranslate2 (loading, mel spectrogram, encoder, beam search, word
times by cross-attention) and always answers the same words at the same times. How: the decoder's embeddings hold, in
one half, which token it is, and the projection maps that to the next token of the script. The other half holds a code
of time that encoder and decoder share, so that cross-attention of word number n points to where the script wants it.
"""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np

LANGUAGES = [
    "en",
    "zh",
    "de",
    "es",
    "ru",
    "ko",
    "fr",
    "ja",
    "pt",
    "tr",
    "pl",
    "ca",
    "nl",
    "ar",
    "sv",
    "it",
    "id",
    "hi",
    "fi",
    "vi",
    "he",
    "uk",
    "el",
    "ms",
    "cs",
    "ro",
    "da",
    "hu",
    "ta",
    "no",
    "th",
    "ur",
    "hr",
    "bg",
    "lt",
    "la",
    "mi",
    "ml",
    "cy",
    "sk",
    "te",
    "fa",
    "lv",
    "bn",
    "sr",
    "az",
    "sl",
    "kn",
    "et",
    "mk",
    "br",
    "eu",
    "is",
    "hy",
    "ne",
    "mn",
    "bs",
    "kk",
    "sq",
    "sw",
    "gl",
    "mr",
    "pa",
    "si",
    "km",
    "sn",
    "yo",
    "so",
    "af",
    "oc",
    "ka",
    "be",
    "tg",
    "sd",
    "gu",
    "am",
    "yi",
    "lo",
    "uz",
    "fo",
    "ht",
    "ps",
    "tk",
    "nn",
    "mt",
    "sa",
    "lb",
    "my",
    "bo",
    "tl",
    "mg",
    "as",
    "tt",
    "haw",
    "ln",
    "ha",
    "ba",
    "jw",
    "su",
]
SPECIAL = (
    ["<|endoftext|>", "<|startoftranscript|>"]
    + [f"<|{language}|>" for language in LANGUAGES]
    + ["<|translate|>", "<|transcribe|>", "<|startoflm|>", "<|startofprev|>", "<|nospeech|>", "<|notimestamps|>"]
)
ENCODER_FRAMES = 1500  # of 20 ms
DECODER_POSITIONS = 448
PROMPT_TOKENS = 3  # start, language, task
SURENESS = 40


def make_model(folder, words, *, translated=(), language="en", first_second=0.2, word_seconds=0.4):
    """Write a model into `folder` that hears `words` in any speech; `translated` is its answer when translating.

    Every word may stand once only: what comes next follows from the last word alone.
    """
    from ctranslate2.specs import WhisperSpec

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    script, other = [f"Ġ{word}" for word in words], [f"Ġ{word}" for word in translated]
    tokenizer = make_tokenizer(script + other)
    spec = WhisperSpec(1, 1, 1, 1)
    network = Network(spec, tokenizer)
    network.fill_encoder()
    network.fill_decoder(first_second, word_seconds)
    end = f"<|{round((first_second + word_seconds * len(words)) / 0.02) * 0.02:.2f}|>"
    network.follow("<|startoftranscript|>", f"<|{language}|>")
    network.script(["<|transcribe|>", "<|0.00|>", *script, end, "<|endoftext|>"])
    network.follow("<|notimestamps|>", script[0])
    if other:  # It begins at another time, because the time is all that the next word follows from.
        network.script(["<|translate|>", "<|0.02|>", *other, end, "<|endoftext|>"])
    in_order = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    spec.register_vocabulary([token for token, _ in in_order])
    first_language = tokenizer.token_to_id("<|en|>")
    spec.config.suppress_ids = []
    spec.config.suppress_ids_begin = []
    spec.config.lang_ids = list(range(first_language, first_language + len(LANGUAGES)))
    spec.config.alignment_heads = [[0, 0]]
    spec.validate()
    spec.optimize()
    spec.save(str(folder))
    tokenizer.save(str(folder / "tokenizer.json"))
    features = {"feature_size": 80, "sampling_rate": 16000, "hop_length": 160, "chunk_length": 30, "n_fft": 400}
    (folder / "preprocessor_config.json").write_text(json.dumps(features))
    return folder


def make_tokenizer(words):
    """Whisper's own layout of tokens, with whole words in place of its vocabulary."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    tokens = [*sorted(pre_tokenizers.ByteLevel.alphabet()), *words, ""]  # CTranslate2 takes "" for multilingual
    numbers = {token: number for number, token in enumerate(dict.fromkeys(tokens))}
    tokenizer = Tokenizer(models.BPE(vocab=numbers, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIAL])
    times = [f"<|{number * 0.02:.2f}|>" for number in range(ENCODER_FRAMES + 1)]
    tokenizer.add_tokens([AddedToken(token, special=False, normalized=False) for token in times])
    return tokenizer


def zeros(*shape):
    return np.zeros(shape, np.float32)


def norm(layer, size):
    layer.gamma, layer.beta = np.ones(size, np.float32), zeros(size)


def linear(layer, outputs, inputs, weight=None):
    layer.weight = zeros(outputs, inputs) if weight is None else weight.astype(np.float32)
    layer.bias = zeros(outputs)


class Network:
    """One layer each of encoder and decoder; nearly all weights are zero."""

    def __init__(self, spec, tokenizer, size=64, mels=80):
        self.spec, self.tokenizer, self.size, self.mels = spec, tokenizer, size, mels
        self.half = size // 2
        self.random = np.random.default_rng(0)
        self.codes = {}
        self.known = set()

    def time_code(self, frames):
        angles = np.asarray(frames, float)[:, None] * np.geomspace(2 * np.pi / 3000, 2 * np.pi / 12, self.half // 2)
        return np.concatenate([np.sin(angles), np.cos(angles)], axis=1)

    def fill_encoder(self):
        size, encoder = self.size, self.spec.encoder
        encoder.conv1.weight, encoder.conv1.bias = zeros(size, self.mels, 3), zeros(size)
        encoder.conv2.weight, encoder.conv2.bias = zeros(size, size, 3), zeros(size)
        places = np.concatenate([zeros(ENCODER_FRAMES, self.half), self.time_code(np.arange(ENCODER_FRAMES))], axis=1)
        encoder.position_encodings.encodings = places.astype(np.float32)
        norm(encoder.layer_norm, size)
        self.fill_block(encoder.layer[0])

    def fill_decoder(self, first_second, word_seconds):
        size, decoder, vocabulary = self.size, self.spec.decoder, self.tokenizer.get_vocab_size()
        decoder.embeddings.weight = zeros(vocabulary, size)
        decoder.projection.weight, decoder.projection.bias = zeros(vocabulary, size), zeros(vocabulary)
        norm(decoder.layer_norm, size)
        spoken = np.maximum(0, np.arange(DECODER_POSITIONS) - PROMPT_TOKENS)
        when = self.time_code((first_second + word_seconds * spoken) * 50)
        places = np.concatenate([zeros(DECODER_POSITIONS, self.half), when], axis=1)
        decoder.position_encodings.encodings = places.astype(np.float32)
        layer = decoder.layer[0]
        self.fill_block(layer)
        norm(layer.attention.layer_norm, size)
        by_time = np.zeros((size, size))
        by_time[self.half :, self.half :] = np.eye(self.half) * 3
        linear(layer.attention.linear[0], size, size, by_time)
        linear(layer.attention.linear[1], 2 * size, size, np.concatenate([by_time, np.zeros((size, size))]))
        linear(layer.attention.linear[2], size, size)

    def fill_block(self, layer):
        size = self.size
        norm(layer.self_attention.layer_norm, size)
        linear(layer.self_attention.linear[0], 3 * size, size)
        linear(layer.self_attention.linear[1], size, size)
        norm(layer.ffn.layer_norm, size)
        linear(layer.ffn.linear_0, 2 * size, size)
        linear(layer.ffn.linear_1, size, 2 * size)

    def code_of(self, token):
        """The half of a token's embedding that says which token it is."""
        number = self.tokenizer.token_to_id(token)
        if number not in self.codes:
            direction = self.random.normal(size=self.half)
            self.codes[number] = direction / np.linalg.norm(direction) * np.sqrt(self.half)
            self.spec.decoder.embeddings.weight[number, : self.half] = self.codes[number]
        return self.codes[number]

    def follow(self, token, following):
        """Make `following` come after `token`."""
        row = self.spec.decoder.projection.weight[self.tokenizer.token_to_id(following)]
        row[: self.half] += (SURENESS / self.half * self.code_of(token)).astype(np.float32)

    def script(self, tokens):
        for token, following in pairwise(tokens):
            if (token, following) not in self.known:
                self.follow(token, following)
                self.known.add((token, following))
