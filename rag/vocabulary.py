"""Word lists for reading questions: words that tell nothing of what is asked, and Chinese surnames."""

_STOP_WORDS = """
什么 哪 哪个 哪些 哪家 哪天 哪里 哪儿 哪位 哪几 哪所 哪种 哪一 哪年 谁 多少 多 几 几个 几月 几号
几点 怎么 怎样 如何 为什么 为何 为啥 何 何时 何处 啥 是 的 了 吗 呢 啊 吧 呀 嘛 么 在 有 和 与 及
或 被 把 对 从 到 由 以 为 于 向 给 跟 让 就 也 又 还 都 才 只 很 最 更 不 没 没有 要 会 能 可以
应该 这 那 这个 那个 这些 那些 这场 那场 这次 此次 该 其 其中 之 者 所 而 则 并 且 但 你 我 他 她
它 他们 她们 它们 大家 自己 本人 分别 具体 到底 究竟 请问 请 一下 告诉 知道 说说 问 叫 叫做 是否 可
得 地 着 过 来 去 上 中 里 内 下 时 后 前 个 位 场 家 名 些 点 次 种 一 什么时间 多少钱 多少人 几场
几届 职务 职位 身份 来头 任职 单位 机构 部门 学校 城市 地方 地点 企业 公司 名字 名称 姓名 原因 日期
时间 人 哪一位 东西 事 事情 情况 内容 多长时间 几样 哪家媒体 干 做 谈 讲 说 看 用 办 开 搞 拿 有何
本次 时候 什么样 哪样 那么 这么 呗 哈 嗯 想 觉得 主要 一共 总共 共 起 当
the a an of in on at to for by with from as is are was were be been do does did has have had what
which who whom whose when where why how many much and or that this these those it its they their he
his she her according say said says about into than there s
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())
"""Question words, particles, pronouns, measure words and nouns as general as 单位 or 时间, folded."""

_SURNAMES = """
王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁
任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴
莫孔向汤温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童
凌毕单季裴霍涂成苗谷曲盛冉翁蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连
芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞
敖巩明佘池查麻苑迟邝封谈匡鞠惠荆乐冀郁胥南班储原栗燕楚鄢劳谌奚皮粟冼蔺楼盘满闻位厉伊仝区郜海阚花
权强帅屠豆朴盖练廉禹井祖漆巴丰支卿国狄平计索宣晋相初门云容敬来扈晁芮都普阙浦戈伏鹿薄邸雍辜羊阿乌
母裘亓修邰赫杭况那宿鲜印逯隆茹诺战慕危玉银亢嵇公哈湛宾戎勾茅利於呼居揭干但尉冶斯元束檀衣信展阴昝
智幸奉植衡富尧闭由
"""
SURNAMES = frozenset(_SURNAMES.replace("\n", ""))
"""One character each; a word that begins with none of them is no person's name."""
