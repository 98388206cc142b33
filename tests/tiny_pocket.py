"""A pocket-tts model of random weights, in the form that its makers give theirs out: it runs through all of their code."""

import yaml

RATE = 24_000
VOCABULARY = 400
# What its tokens are made of: some letters each, so that ten words are twenty to thirty of them.
LETTERS = (
    "Tenuto holds every note for its full length. Nothing is lost, and nothing is run twice! "
    "The quick brown fox jumps over the lazy dog. Slide number one says this. And it says that. "
    "She had your dark suit in greasy wash water all year. Please call the office about the new report."
)


def described(*, weights="model.safetensors", tokenizer="tokenizer.json", open_weights=None):
    """What its yaml says: a few numbers where the real ones have thousands, 12.5 frames a second as there."""
    codec = {"d_model": 8, "num_heads": 2, "num_layers": 1, "layer_scale": 0.5, "context": 50, "dim_feedforward": 16}
    return {
        "weights_path": weights,
        "weights_path_without_voice_cloning": open_weights,
        "flow_lm": {
            "insert_bos_before_voice": True,
            "dtype": "float32",
            "flow": {"depth": 1, "dim": 16},
            "transformer": {"d_model": 16, "hidden_scale": 2, "max_period": 10_000, "num_heads": 2, "num_layers": 1},
            "lookup_table": {
                "dim": 16,
                "n_bins": VOCABULARY,
                "tokenizer": "tokenizers",
                "tokenizer_path": tokenizer,
            },
        },
        "mimi": {
            "dtype": "float32",
            "sample_rate": RATE,
            "channels": 1,
            "frame_rate": 12.5,
            "inner_dim": 4,
            "outer_dim": 8,
            "seanet": {
                "dimension": 8,
                "channels": 1,
                "n_filters": 2,
                "n_residual_layers": 1,
                "ratios": [6, 5, 4],
                "kernel_size": 7,
                "residual_kernel_size": 3,
                "last_kernel_size": 3,
                "dilation_base": 2,
                "pad_mode": "constant",
                "compress": 2,
            },
            "transformer": {**codec, "input_dimension": 8, "output_dimensions": [8]},
            "quantizer": {"dimension": 4, "output_dimension": 8},
        },
    }


def make_model(folder, *, seed=0, licence="cc-by-4.0", voices=("ada", "bea"), clones=True):
    """Write a model that buzzes any text, longer for more of it; needs torch and pocket-tts."""
    import torch
    from pocket_tts import TTSModel, export_model_state
    from pocket_tts.models.mimi import build_mimi
    from pocket_tts.utils.config import Config
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    write_tokenizer(folder / "tokenizer.json")
    (folder / "tiny.yaml").write_text(yaml.safe_dump(described()))
    config = Config(**described(weights=None, tokenizer=str(folder / "tokenizer.json")))
    torch.manual_seed(seed)
    model = TTSModel._from_pydantic_config(config, 0.3, 1, None, -4.0, None)
    model.flow_lm.speaker_proj_weight = torch.nn.Parameter(torch.randn(16, 4) * clones)
    model.mimi = build_mimi(config.mimi)
    with torch.no_grad():
        model.flow_lm.out_eos.bias.fill_(-1e6)  # It never thinks that it has said all: its length goes by tokens.
    save_file(model.state_dict(), folder / "model.safetensors")
    (folder / "whole.yaml").write_text(
        yaml.safe_dump(described(weights=str(folder / "model.safetensors"), tokenizer=str(folder / "tokenizer.json")))
    )
    loaded = TTSModel.load_model(config=folder / "whole.yaml")
    (folder / "whole.yaml").unlink()
    (folder / "voices").mkdir(exist_ok=True)
    for number, voice in enumerate(voices, 1):
        prompt = torch.sin(torch.arange(RATE) / (20 * number))[None] * torch.rand(1, RATE)
        export_model_state(loaded.get_state_for_audio_prompt(prompt), folder / "voices" / f"{voice}.safetensors")
    if licence:
        (folder / "README.md").write_text(f"---\nlicense: {licence}\n---\n# A model that buzzes\n")
    return folder


def write_tokenizer(path):
    """Pieces of words, learned from a few sentences; whatever else is written falls into bytes."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=VOCABULARY, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator([LETTERS], trainer)
    assert tokenizer.get_vocab_size() == VOCABULARY
    tokenizer.save(str(path))
